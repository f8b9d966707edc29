/** Hosts of a fleet as plans see it, and how long a plan over all of them takes. */
import { decide, type Demand, type Domain, type Provider } from '../../src/allocation/plan.ts'

const amountOf = (total: number, used: number) => ({
  ...{ total, used, reserved: 0, ratio: 1, min: 1, step: 1 },
  max: Number.MAX_SAFE_INTEGER,
})

export function makeHosts(count: number): Provider[] {
  return Array.from({ length: count }, (_, index): Provider => {
    const domains: Partial<Record<Domain, string>> = {
      rack: `r${Math.floor(index / 40)}`,
      switch: `s${Math.floor(index / 40)}`,
      site: `site${index % 4}`,
    }
    return {
      key: String(index),
      name: `host-${index}`,
      resourceId: index,
      pool: 'hosts',
      tenantId: null,
      traits: new Set([
        `CUSTOM_GENERATION_${index % 5}`,
        ...(index % 3 === 0 ? ['CUSTOM_SSD'] : []),
        ...(index % 7 === 0 ? ['CUSTOM_GPU'] : []),
      ]),
      inventories: {
        VCPU: amountOf(64, (index * 7) % 60),
        MEMORY_MB: amountOf(262_144, ((index * 13) % 50) * 4_096),
        DISK_GB: amountOf(2_000, (index * 31) % 1_500),
      },
      unusable: index % 50 === 0 ? 'is MAINTENANCE' : undefined,
      domain: (of) => domains[of],
    }
  })
}

const demand = (run: number): Demand => ({
  amounts: { VCPU: 4 + (run % 8), MEMORY_MB: 16_384, DISK_GB: 100 },
  count: 3,
  tenantId: 1,
  require: ['CUSTOM_SSD'],
  forbid: ['CUSTOM_GPU'],
  prefer: ['CUSTOM_GENERATION_4'],
  spread: { over: 'rack', atMost: 1, required: true },
  pack: true,
})

/** The 95th percentile, in milliseconds. */
export function measurePlans(hosts: number, runs: number): number {
  const providers = makeHosts(hosts)
  const times: number[] = []
  for (let run = 0; run < runs; run++) {
    const began = performance.now()
    const { chosen } = decide(providers, demand(run))
    times.push(performance.now() - began)
    if (new Set(chosen.map((one) => one.domain('rack'))).size !== 3)
      throw new Error('three members in three racks were asked for')
  }
  return times.sort((one, other) => one - other)[Math.floor(runs * 0.95)]!
}
