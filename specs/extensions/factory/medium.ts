// What a schematic says of boot media, against the medium: META, boot loader, sector size, SecureBoot's keys. An installer
// has none of it: the node's own installer makes the disk (siderolabs/image-factory internal/profile/profile.go @ main of
// August 2026).
import { readAll } from '#harness/bytes/source.ts'
import { metaBytes, metaOnCommandLine, metaParameter } from '#harness/talos/media/meta-values.ts'
import { fileIgnoringCase, type Medium } from '#harness/talos/media/medium.ts'
import { readSignatureLists } from '#harness/talos/media/signature-lists.ts'
import type { Schematic } from '#harness/talos/schematic/schematic.ts'
import { isDeepStrictEqual } from 'node:util'
import type { MediumForm } from '../../contract/tags.ts'

type Made = {
  readonly form: MediumForm | undefined
  readonly secureBoot: boolean
  /** True where imager of the release writes keys on disks. */
  readonly diskEnrollsKeys: boolean
  /** True for a release before 1.12, in which a schematic says nothing of the boot loader of an ISO. */
  readonly isoHasGrub: boolean
  medium(): Promise<Medium>
}

const DEFAULT_SECTOR_SIZE = 512
const DEFAULT_ENROLL = 'if-safe'
const MAX_TEXT_BYTES = 64 << 10
/** Above it imager compresses META's values, in bytes that only Go writes. */
const MAX_PLAIN_META = 256
const DB = 'loader/keys/auto/db.auth'
/** 77fa9abd-0359-4d32-bd60-28f4e78f784b, as it is stored: whom imager names as the owner of well-known certificates. */
const MICROSOFT = 'bd9afa775903324dbd6028f4e78f784b'
const SD_BOOT = 'sd-boot'

/** Differences of the medium; errors of its readers. */
export async function mediumFindings({ customization }: Schematic, made: Made): Promise<readonly string[]> {
  const { form, secureBoot } = made
  if (form !== 'raw' && form !== 'iso') return []
  const { bootloader, secureboot } = customization
  const medium = await made.medium()
  const findings = form === 'raw' ? await diskFindings(customization, medium) : []
  if (bootloader !== '' && bootloader !== SD_BOOT && !(form === 'iso' && made.isoHasGrub))
    findings.push(`expected the boot loader ${bootloader}, got ${SD_BOOT}`)
  if (!secureBoot || (form === 'raw' && !made.diskEnrollsKeys)) return findings
  const enroll = secureboot.enrollKeys || DEFAULT_ENROLL
  const got = await enrolledBy(medium)
  if (got !== enroll) findings.push(`expected secure-boot-enroll ${enroll} in loader.conf, got ${got}`)
  const isKnown = await enrollsWellKnown(medium)
  if (isKnown !== undefined && isKnown !== secureboot.includeWellKnownCertificates)
    findings.push(`expected db ${isKnown ? 'without' : 'with'} Microsoft’s certificates (includeWellKnownCertificates)`)
  return findings
}

async function diskFindings({ diskImage, meta }: Schematic['customization'], medium: Medium): Promise<string[]> {
  const disk = await medium.disk()
  const size = diskImage.sectorSize || DEFAULT_SECTOR_SIZE
  const [copy] = (await disk.meta()).copies
  const expected = new Map(meta.map(({ key, value }) => [key, Buffer.from(value).toString('hex')]))
  const found = copy?.values ?? new Map<number, string>()
  // A value may be a secret (EXT-029): tags are all that is said of it.
  const differing = [...new Set([...expected.keys(), ...found.keys()])].filter(
    (key) => expected.get(key) !== found.get(key),
  )
  return [
    ...(disk.gpt.sectorSize === size ? [] : [`expected sectors of ${size} bytes, got ${disk.gpt.sectorSize}`]),
    ...differing.map((key) => `expected META value 0x${key.toString(16)} of the schematic, got another, one or none`),
  ]
}

/** The word behind `secure-boot-enroll`; imager leaves the line out where it is `off` on a disk. */
async function enrolledBy(medium: Medium): Promise<string> {
  const { tree } = await medium.efi()
  const text = Buffer.from(await readAll(fileIgnoringCase(tree, 'loader/loader.conf'), MAX_TEXT_BYTES)).toString()
  return /^secure-boot-enroll (\S+)$/m.exec(text)?.[1] ?? 'off'
}

/** True where db has certificates that Microsoft owns; undefined without one. */
async function enrollsWellKnown(medium: Medium): Promise<boolean | undefined> {
  const { tree } = await medium.efi()
  if (![...tree.entries()].some(({ path }) => path.toLowerCase() === DB)) return undefined
  const entries = await readSignatureLists(fileIgnoringCase(tree, DB))
  return entries.some(({ owner, certificate }) => owner === MICROSOFT && certificate !== undefined)
}

/** The parameter with META's values where a command line has it: of an ISO, and beside kernel and initramfs. */
export async function metaArguments(
  { customization: { meta } }: Schematic,
  form: MediumForm | undefined,
  found: readonly string[],
): Promise<readonly string[]> {
  if (meta.length === 0 || (form !== 'iso' && form !== 'dir')) return []
  const plain = metaParameter(meta)
  if (metaBytes(meta).length <= MAX_PLAIN_META) return [plain]
  for (const one of found) if (isDeepStrictEqual(await metaOnCommandLine([one]), [meta])) return [one]
  return [plain]
}

/** Fields of the schematic that this output shows nothing of. */
export function notJudged({ owner, customization }: Schematic, made: Omit<Made, 'medium'>): readonly string[] {
  const { form, secureBoot, diskEnrollsKeys } = made
  const { meta, bootloader, secureboot, diskImage } = customization
  const isMedium = form === 'raw' || form === 'iso'
  const hasKeys = secureBoot && (form === 'iso' || (form === 'raw' && diskEnrollsKeys))
  const fields: readonly (readonly [name: string, isGiven: boolean, isJudged: boolean])[] = [
    ['owner', owner !== '', false],
    ['customization.meta', meta.length > 0, isMedium || form === 'dir'],
    ['customization.bootloader', bootloader !== '', isMedium && !(form === 'iso' && made.isoHasGrub)],
    ['customization.secureboot.enrollKeys', secureboot.enrollKeys !== '', hasKeys],
    ['customization.secureboot.includeWellKnownCertificates', secureboot.includeWellKnownCertificates, hasKeys],
    ['customization.diskImage.sectorSize', diskImage.sectorSize !== 0, form === 'raw'],
  ]
  return fields.flatMap(([name, isGiven, isJudged]) => (isGiven && !isJudged ? [name] : []))
}
