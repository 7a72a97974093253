// The areas of rules: the letters that an id begins with, and what they are about.

/** Areas in the order of the rule index: from the container of an image inwards, then around it. */
const AREAS: Readonly<Record<string, string>> = {
  OCI: 'the image as a registry serves it',
  INS: 'the installer',
  UKI: 'the unified kernel image',
  KRN: 'the kernel',
  INI: 'the initramfs',
  EXT: 'the extensions',
  MOD: 'the kernel modules',
  ROOT: 'the root filesystem',
  AST: 'the asset tree',
  MED: 'the boot medium',
  SUP: 'the supply chain',
  REL: 'the release',
  CFG: 'the machine configuration',
  NODE: 'a running node',
  BOOT: 'booting',
}

/** `EXT` of `EXT-015`. */
export function areaOf({ id }: { readonly id: string }): string {
  return id.slice(0, id.indexOf('-'))
}

/** `EXT: the extensions`. */
export function areaTitle(area: string): string {
  const about = AREAS[area]
  return about === undefined ? area : `${area}: ${about}`
}

/** The place of an area in the order; -1 for one that is none. */
export function areaPlace(area: string): number {
  return Object.keys(AREAS).indexOf(area)
}
