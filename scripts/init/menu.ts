// The sets of variants that `init` offers, each a contract of its own in specs/contract/examples.
import { join } from 'node:path'
import { ROOT } from '../root.ts'

/** Name of a set, and what it is. The first is the default. */
export const SETS = {
  spin: 'spin-only for workers, spin-tailscale for the subnet router: CozyStack’s two images for arm64',
  cozystack: 'CozyStack’s own extensions; microcode and GPU left out: they are for x86, or empty on arm64',
  storage: 'drbd, zfs, iscsi-tools, lldpd',
  gpu: 'NVIDIA’s open kernel modules and container toolkit',
  empty: 'Talos without an extension',
} as const

export type SetName = keyof typeof SETS
export const SET_NAMES = Object.keys(SETS) as readonly SetName[]

export function isSetName(text: string): text is SetName {
  return Object.hasOwn(SETS, text)
}

export function examplePath(name: SetName): string {
  return join(ROOT, 'specs/contract/examples', `${name}.yaml`)
}
