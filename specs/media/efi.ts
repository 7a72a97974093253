// The files of an EFI file system that imager writes, in lower case: firmware compares names without regard to it.

type Expected = {
  /** The pinned release; without one any is right. */
  readonly talos: string | undefined
  readonly found: readonly string[]
  readonly hasRandomSeed: boolean
}

const KEYS = /^loader\/keys\/auto\/(pk|kek|db|dbx)\.auth$/
const UKI = /^efi\/linux\/talos-v[^/]+\.efi$/
const HEAD = '# systemd-boot configuration\n\ntimeout 10\n'
const ENROLL = ['if-safe', 'off', 'manual', 'force']

/** True for a file that systemd-boot enrolls SecureBoot's keys from. */
export function isEnrolledKey(path: string): boolean {
  return KEYS.test(path)
}

/** Paths, sorted. */
export function expectedPaths({ talos, found, hasRandomSeed }: Expected): readonly string[] {
  const uki = talos === undefined ? found.find((path) => UKI.test(path)) : `efi/linux/talos-${talos}.efi`
  return [
    'efi/boot/bootaa64.efi',
    (uki ?? 'efi/linux/talos-v*.efi').toLowerCase(),
    'loader/loader.conf',
    ...(hasRandomSeed ? ['loader/random-seed'] : []),
  ].toSorted()
}

/** The texts that imager writes; the first where several are right. */
export function loaderConfigurations(isIso: boolean, secureBoot: boolean): readonly string[] {
  if (!isIso) return [HEAD]
  return (secureBoot ? ENROLL : ['off']).map((enroll) => `${HEAD}\nsecure-boot-enroll ${enroll}\n`)
}
