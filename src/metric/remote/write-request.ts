/** Prometheus' remote write 1.0: a WriteRequest as protobuf. Of its messages this needs three, and no schema. Pure. */

export interface RemoteSeries {
  /** By label, in order of their names; `__name__` among them. */
  labels: readonly (readonly [string, string])[]
  samples: readonly { value: number; at: number }[]
}

/** Field numbers with their wire type: 2 is what has a length, 1 is eight bytes, 0 a varint. */
const timeseries = (1 << 3) | 2
const labels = (1 << 3) | 2
const samples = (2 << 3) | 2
const name = (1 << 3) | 2
const text = (2 << 3) | 2
const value = (1 << 3) | 1
const timestamp = (2 << 3) | 0

export function encodeWriteRequest(all: readonly RemoteSeries[]): Buffer {
  return Buffer.concat(all.flatMap((one) => framed(timeseries, encodeSeries(one))))
}

function encodeSeries(one: RemoteSeries): Buffer {
  return Buffer.concat([
    ...one.labels.flatMap(([label, content]) =>
      framed(
        labels,
        Buffer.concat([...framed(name, Buffer.from(label)), ...framed(text, Buffer.from(content))]),
      ),
    ),
    ...one.samples.flatMap((sample) => framed(samples, encodeSample(sample))),
  ])
}

function encodeSample({ value: told, at }: { value: number; at: number }): Buffer {
  const double = Buffer.alloc(9)
  double[0] = value
  double.writeDoubleLE(told, 1)
  return Buffer.concat([double, Buffer.from([timestamp]), varint(at)])
}

const framed = (tag: number, content: Buffer): Buffer[] => [
  Buffer.from([tag]),
  varint(content.length),
  content,
]

/** Of what is not negative. */
function varint(number: number): Buffer {
  const bytes: number[] = []
  let rest = Math.floor(number)
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}
