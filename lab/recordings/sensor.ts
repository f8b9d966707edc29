/** The other tool's classes of sensors: our metrics for each, and what its figure is multiplied by to be in our unit. */
const classes: Readonly<Record<string, { metrics: readonly string[]; times: number }>> = {
  state: { metrics: ['hw.status'], times: 1 },
  temperature: { metrics: ['hw.temperature'], times: 1 },
  humidity: { metrics: ['hw.humidity'], times: 0.01 },
  fanspeed: { metrics: ['hw.fan.speed'], times: 1 },
  voltage: { metrics: ['hw.voltage'], times: 1 },
  current: { metrics: ['hw.current'], times: 1 },
  power: { metrics: ['hw.power', 'hw.power.apparent'], times: 1 },
  power_consumed: { metrics: ['hw.energy'], times: 3_600_000 },
  power_factor: { metrics: ['hw.power.factor'], times: 1 },
  frequency: { metrics: ['hw.frequency'], times: 1 },
  dbm: { metrics: ['hw.optical.power', 'hw.optical.power.receive', 'hw.optical.power.transmit'], times: 1 },
  charge: { metrics: ['hw.battery.charge'], times: 0.01 },
  load: { metrics: ['hw.load'], times: 0.01 },
  percent: { metrics: ['hw.fan.speed_ratio', 'hw.load'], times: 0.01 },
  runtime: { metrics: ['hw.battery.time_left', 'hw.battery.time_on'], times: 60 },
  count: {
    metrics: [
      'hw.count',
      'hw.errors',
      'hw.errors.media',
      'hw.errors.predicted',
      'hw.volumes',
      'hw.volumes.degraded',
      'hw.disks.failed',
      'hw.disks.critical',
    ],
    times: 1,
  },
  airflow: { metrics: ['hw.airflow'], times: 1 },
}

export const metricOfClass = (name: string): { metrics: readonly string[]; times: number } =>
  classes[name] ?? { metrics: [], times: 1 }
