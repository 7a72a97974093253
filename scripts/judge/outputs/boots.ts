// What a start of an image came to, for a person.
import type { BootSummary, Conformance } from '../verdict/conformance.ts'

const BY: Readonly<Record<BootSummary['by'], string>> = {
  saved: 'a saved console',
  firmware: 'its UKI, by EFI firmware',
  kernel: 'its kernel, initramfs and command line',
}
const END: Readonly<Record<BootSummary['end'], string>> = {
  saved: '',
  settled: 'ended, for all was seen',
  troubled: 'ended, for it failed',
  exited: 'ended by itself',
  time: 'ended, for its time was over',
  output: 'ended, for it printed without end',
}

/** `booted: its UKI, by EFI firmware; Talos v1.11.5 reached /sbin/init; ended, for all was seen, after 9 s`, and the console. */
export function describeBoot({ by, end, seconds, talos, reached, console, lines }: BootSummary): readonly string[] {
  const who = talos === undefined ? 'it' : `Talos ${talos}`
  const what = reached === 'nothing' ? 'it said nothing that is known' : `${who} reached ${PLACES[reached]}`
  const how = END[end] === '' ? [] : [`${END[end]}${seconds === undefined ? '' : `, after ${Math.round(seconds)} s`}`]
  return [`booted: ${[BY[by], what, ...how].join('; ')}`, `console: ${console} (${lines} lines)`]
}

const PLACES: Readonly<Record<Exclude<BootSummary['reached'], 'nothing'>, string>> = {
  kernel: 'the kernel',
  initramfs: 'its initramfs',
  rootfs: 'the root filesystem',
  '/sbin/init': '/sbin/init',
}

/** True where a lock could have been compared with, and was not: a boot is held to its own image. */
export function isUnpinned({ pinned, candidates }: Pick<Conformance, 'pinned' | 'candidates'>): boolean {
  return !pinned && !(candidates.length > 0 && candidates.every(({ boot }) => boot !== undefined))
}
