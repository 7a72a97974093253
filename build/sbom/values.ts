// Values of SPDX 2.3 that a document inside an image may have wrong, each with what the specification takes
// (https://spdx.github.io/spdx-spec/v2.3/package-information/ and its annexes D, on licences, and F, on references): what
// is none would make the whole bill one that no reader takes.
import type { SbomPackage } from '#harness/talos/sbom/document.ts'

/** Longer texts are no addresses, names or expressions, and cost time to look at. */
const MAX_TEXT = 4096
const URL =
  /^(?:https?|ssh|git|svn|sftp|ftp):\/\/(?:[^\s/@]+@)?[a-z0-9]+(?:[-.][a-z0-9]+)*\.[a-z]{2,}(?::\d{1,5})?(?:[/?#]\S*)?$/i
/** A place in a version control system: `git+https://host.example/path@commit#folder`. */
const VCS = /^(?:git|hg|svn|bzr)\+(?=[a-z])/i
const ACTOR = /^(?:Person|Organization): ?[^\s()][^\n\r]*$/
const CPE23_PART = String.raw`(?:[?*]*(?:[\w.-]|\\[!-/:-@[-${'`'}{-~])+[?*]*|[*-])`
const CPE23 = new RegExp(
  String.raw`^cpe:2\.3:[aho*-](?::${CPE23_PART}){5}:(?:[a-zA-Z]{2,3}(?:-(?:[a-zA-Z]{2}|\d{3}))?|[*-])(?::${CPE23_PART}){4}$`,
)
const CPE22 = /^cpe:\/[aho]?(?::[\w.~%-]*){0,6}$/i
const HEX = /^[0-9a-f]+$/
const SHORT_HEX_DIGITS: Readonly<Record<string, number>> = {
  MD2: 32,
  MD4: 32,
  MD5: 32,
  ADLER32: 8,
  SHA1: 40,
  SHA224: 56,
}
const HEX_DIGITS: Readonly<Record<string, number>> = {
  ...SHORT_HEX_DIGITS,
  SHA256: 64,
  SHA384: 96,
  SHA512: 128,
  'SHA3-256': 64,
  'SHA3-384': 96,
  'SHA3-512': 128,
  'BLAKE2b-256': 64,
  'BLAKE2b-384': 96,
  'BLAKE2b-512': 128,
}
const PURPOSES =
  'APPLICATION FRAMEWORK LIBRARY CONTAINER OPERATING-SYSTEM DEVICE FIRMWARE SOURCE ARCHIVE FILE INSTALL OTHER'.split(
    ' ',
  )
/** Between two packages: those with files or documents are not carried over. */
const RELATIONSHIPS = (
  'AMENDS ANCESTOR_OF BUILD_DEPENDENCY_OF BUILD_TOOL_OF CONTAINED_BY CONTAINS COPY_OF DATA_FILE_OF ' +
  'DEPENDENCY_MANIFEST_OF DEPENDENCY_OF DEPENDS_ON DESCENDANT_OF DESCRIBED_BY DESCRIBES DEV_DEPENDENCY_OF DEV_TOOL_OF ' +
  'DISTRIBUTION_ARTIFACT DOCUMENTATION_OF DYNAMIC_LINK EXAMPLE_OF EXPANDED_FROM_ARCHIVE FILE_ADDED FILE_DELETED ' +
  'FILE_MODIFIED GENERATED_FROM GENERATES HAS_PREREQUISITE METAFILE_OF OPTIONAL_COMPONENT_OF OPTIONAL_DEPENDENCY_OF ' +
  'OTHER PACKAGE_OF PATCH_APPLIED PATCH_FOR PREREQUISITE_FOR PROVIDED_DEPENDENCY_OF REQUIREMENT_DESCRIPTION_FOR ' +
  'RUNTIME_DEPENDENCY_OF SPECIFICATION_FOR STATIC_LINK TEST_CASE_OF TEST_DEPENDENCY_OF TEST_OF TEST_TOOL_OF VARIANT_OF'
).split(' ')

type SbomReference = NonNullable<SbomPackage['externalRefs']>[number]
type SbomChecksum = NonNullable<SbomPackage['checksums']>[number]

const isNone = (text: string): boolean => text === 'NOASSERTION' || text === 'NONE'
const isText = (text: string): boolean => text.length <= MAX_TEXT
const isUrl = (text: string): boolean => isText(text) && URL.test(text)

/** Who supplied or made a package. */
export function isActor(text: string): boolean {
  return text === 'NOASSERTION' || (isText(text) && ACTOR.test(text))
}

export function isHomepage(text: string): boolean {
  return isNone(text) || isUrl(text)
}

export function isDownloadLocation(text: string): boolean {
  return isNone(text) || isUrl(text.replace(VCS, ''))
}

export function isPurpose(text: string): boolean {
  return PURPOSES.includes(text)
}

export function isRelationship(type: string): boolean {
  return RELATIONSHIPS.includes(type)
}

export function isChecksum({ algorithm, checksumValue }: SbomChecksum): boolean {
  return (
    Object.hasOwn(HEX_DIGITS, algorithm) && checksumValue.length === HEX_DIGITS[algorithm] && HEX.test(checksumValue)
  )
}

const LOCATORS: Readonly<Record<string, (locator: string) => boolean>> = {
  'SECURITY cpe22Type': (locator) => CPE22.test(locator),
  'SECURITY cpe23Type': (locator) => CPE23.test(locator),
  'SECURITY advisory': isUrl,
  'SECURITY fix': isUrl,
  'SECURITY url': isUrl,
  'PACKAGE-MANAGER maven-central': (locator) => /^[^:\s]+:[^:\s]+(?::[^:\s]+)?$/.test(locator),
  'PACKAGE-MANAGER npm': (locator) => /^[^@\s]+@[^@\s]+$/.test(locator),
  'PACKAGE-MANAGER nuget': (locator) => /^[^/\s]+\/[^/\s]+$/.test(locator),
  'PACKAGE-MANAGER bower': (locator) => /^[^#\s]+#[^#\s]+$/.test(locator),
  'PACKAGE-MANAGER purl': (locator) => /^pkg:[^/\s]+\/\S+$/.test(locator),
  'PERSISTENT-ID swh': (locator) => /^swh:1:(?:snp|rel|rev|dir|cnt):[\da-f]{40}$/i.test(locator),
  'PERSISTENT-ID gitoid': (locator) =>
    /^gitoid:(?:blob|tree|commit|tag):(?:sha1:[\da-f]{40}|sha256:[\da-f]{64})$/i.test(locator),
}

/** A reference of a known type, or of any in the category OTHER; a category's `_` of older writers is its `-`. */
export function isReference({ referenceCategory, referenceType, referenceLocator }: SbomReference): boolean {
  if (!isText(referenceLocator) || referenceLocator === '' || referenceType === '') return false
  if (referenceCategory === 'OTHER') return !/\s/.test(referenceLocator)
  const key = `${referenceCategory.replace('_', '-')} ${referenceType}`
  return Object.hasOwn(LOCATORS, key) && LOCATORS[key]?.(referenceLocator) === true
}
