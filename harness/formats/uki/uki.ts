// Reads a unified kernel image: an EFI stub with the parts of a boot entry as PE sections after it.
// https://uapi-group.org/specifications/specs/unified_kernel_image/
import { memberLocation, readAll, type ByteSource } from '../../bytes/source.ts'
import { FormatError, type Location } from '../../errors.ts'
import { readPe, type Pe, type PeSection } from './pe.ts'

/** The sections that make a PE file a UKI. `.sbat` and `.sdmagic` belong to the stub. */
const UKI_SECTIONS: readonly string[] = [
  '.linux',
  '.osrel',
  '.cmdline',
  '.initrd',
  '.ucode',
  '.splash',
  '.dtb',
  '.dtbauto',
  '.hwids',
  '.efifw',
  '.uname',
  '.pcrsig',
  '.pcrpkey',
  '.profile',
]

/** Consecutive sections, found by name. */
type SectionGroup = {
  readonly sections: readonly PeSection[]
  /** The data of the first section with this name; undefined when there is none. Errors: TRUNCATED. */
  first(name: string): ByteSource | undefined
  /** The same as UTF-8 text. Errors: TRUNCATED, LIMIT_EXCEEDED above MAX_TEXT_SIZE, MALFORMED when it is not UTF-8. */
  text(name: string): Promise<string | undefined>
}

/** A way to boot the image: its sections replace or join those of the base. `sections` starts after its `.profile`. */
type UkiProfile = SectionGroup & {
  readonly index: number
  /** Its `.profile`. */
  readonly section: PeSection
  /** The text of that. */
  readonly description: string
  readonly id?: string
  readonly title?: string
}

/** `sections` (hence `first` and `text`) is the base: the stub's, and the appended ones before the first `.profile`. */
export type Uki = SectionGroup & {
  /** The whole file. */
  readonly source: ByteSource
  readonly pe: Pe
  readonly stubSections: readonly PeSection[]
  /** Sections from the first UKI section on, in file order. */
  readonly appended: readonly PeSection[]
  readonly profiles: readonly UkiProfile[]
  readonly where: Location
  /** The location of the section with this name, or the one that it would have. */
  whereOf(name: string): Location
}

/** Command lines are at most 2048 bytes, os-release files and PCR signatures a few KiB. */
export const MAX_TEXT_SIZE = 64 << 10
const FORMAT = 'uki'

/**
 * The UKI view of a PE file; one without UKI sections has nothing appended. Errors: those of readPe, and what reading
 * the text of a `.profile` may throw.
 */
export async function readUki(source: ByteSource): Promise<Uki> {
  const pe = await readPe(source)
  const firstAppended = indexOrEnd(pe.sections, (section) => UKI_SECTIONS.includes(section.name))
  const appended = pe.sections.slice(firstAppended)
  const firstProfile = indexOrEnd(pe.sections, isProfile)
  return {
    source,
    pe,
    stubSections: pe.sections.slice(0, firstAppended),
    appended,
    ...sectionGroup(pe.sections.slice(0, firstProfile)),
    profiles: await readProfiles(pe.sections.slice(firstProfile)),
    where: source.where,
    whereOf: (name) => memberLocation(source.where, name),
  }
}

async function readProfiles(sections: readonly PeSection[]): Promise<readonly UkiProfile[]> {
  const starts = sections.flatMap((section, at) => (isProfile(section) ? [{ section, at }] : []))
  const profiles: UkiProfile[] = []
  for (const [index, { section, at }] of starts.entries()) {
    const description = await readText(section.data())
    profiles.push({
      index,
      section,
      description,
      ...parseProfile(description),
      ...sectionGroup(sections.slice(at + 1, starts[index + 1]?.at)),
    })
  }
  return profiles
}

/** `ID=…` and `TITLE=…` lines; values are taken as they are, but for a pair of double quotes around them. */
function parseProfile(text: string): { readonly id?: string; readonly title?: string } {
  const value = (key: string): string | undefined => {
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${key}=`))
    return line
      ?.slice(key.length + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1')
  }
  const id = value('ID')
  const title = value('TITLE')
  return { ...(id !== undefined && { id }), ...(title !== undefined && { title }) }
}

function sectionGroup(sections: readonly PeSection[]): SectionGroup {
  const first = (name: string) => sections.find((section) => section.name === name)?.data()
  return {
    sections,
    first,
    async text(name) {
      const data = first(name)
      return data === undefined ? undefined : readText(data)
    },
  }
}

async function readText(data: ByteSource): Promise<string> {
  const bytes = await readAll(data, MAX_TEXT_SIZE)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new FormatError(FORMAT, 'MALFORMED', 'expected UTF-8 text, got other bytes', { at: data.where, cause })
  }
}

function isProfile(section: PeSection): boolean {
  return section.name === '.profile'
}

function indexOrEnd<T>(items: readonly T[], test: (item: T) => boolean): number {
  const index = items.findIndex(test)
  return index === -1 ? items.length : index
}
