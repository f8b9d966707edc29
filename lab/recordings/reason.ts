/** Why a difference is right as it is. What has no reason here is a fault of ours. */
import type { Comparison } from './compare.ts'

interface Rule {
  reason: string
  of(recording: string, one: Comparison): boolean
}

const rules: readonly Rule[] = []

export const reasonOf = (recording: string, one: Comparison): string | null =>
  rules.find((rule) => rule.of(recording, one))?.reason ?? null
