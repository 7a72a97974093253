// The files of an EFI file system that imager writes, in lower case: firmware compares names without regard to it.

type Expected = {
  /** The pinned release; without one any is right. */
  readonly talos: string | undefined
  readonly found: readonly string[]
  readonly hasRandomSeed: boolean
  /** An ISO with SecureBoot has the certificate that its UKI is signed with, for whoever enrolls it by hand. */
  readonly hasCertificate: boolean
}

/** In lower case, as `found`. */
export const SIGNING_CERTIFICATE = 'efi/keys/uki-signing-cert.der'

const KEYS = /^loader\/keys\/auto\/(pk|kek|db|dbx)\.auth$/
const UKI = /^efi\/linux\/talos-v[^/]+\.efi$/
const HEAD = '# systemd-boot configuration\n\ntimeout 10\n'
const ENROLL = ['if-safe', 'off', 'manual', 'force']

/** True for a file that neither firmware nor systemd-boot starts or reads by itself. */
export function isOfBoard(path: string): boolean {
  return !/^(efi|loader)\//.test(path)
}

/** True for a file that systemd-boot enrolls SecureBoot's keys from. */
export function isEnrolledKey(path: string): boolean {
  return KEYS.test(path)
}

/** Paths, sorted. */
export function expectedPaths({ talos, found, hasRandomSeed, hasCertificate }: Expected): readonly string[] {
  const uki = talos === undefined ? found.find((path) => UKI.test(path)) : `efi/linux/talos-${talos}.efi`
  return [
    'efi/boot/bootaa64.efi',
    (uki ?? 'efi/linux/talos-v*.efi').toLowerCase(),
    'loader/loader.conf',
    ...(hasCertificate ? [SIGNING_CERTIFICATE] : []),
    ...(hasRandomSeed ? ['loader/random-seed'] : []),
  ].toSorted()
}

type Loader = { readonly isIso: boolean; readonly secureBoot: boolean; readonly hasKeys: boolean }

/**
 * The texts that imager writes; the first where several are right. An ISO always says what becomes of the keys, a disk
 * where it has some: imager leaves them out with `off`.
 */
export function loaderConfigurations({ isIso, secureBoot, hasKeys }: Loader): readonly string[] {
  if (!isIso && !hasKeys) return [HEAD]
  const known = secureBoot ? ENROLL.filter((enroll) => isIso || enroll !== 'off') : ['off']
  return known.map((enroll) => `${HEAD}\nsecure-boot-enroll ${enroll}\n`)
}
