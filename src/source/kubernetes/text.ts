/** How Kubernetes writes amounts and images. */

const units: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** `500m`, `16Gi`, `1e3`; undefined for what is none. */
export function toQuantity(text: string | number | null | undefined): number | undefined {
  if (typeof text === 'number') return text
  const match = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]{0,2})$/.exec(text ?? '')
  const unit = match === null ? undefined : units[match[2]!]
  const value = unit === undefined ? NaN : Number(match![1]) * unit
  return Number.isFinite(value) ? value : undefined
}

/** `registry:5000/web:1.2@sha256:…` is image `registry:5000/web` with tag `1.2`. */
export function toImageName(reference: string): { imageName: string; imageTag?: string } {
  const [plain = reference] = reference.split('@', 1)
  const at = plain.lastIndexOf(':')
  if (at <= plain.lastIndexOf('/')) return { imageName: plain }
  return { imageName: plain.slice(0, at), imageTag: plain.slice(at + 1) }
}
