// Packages of SPDX 2.3 in JSON: those that we say ourselves, and those of documents that are carried over.
import type { SbomDocument, SbomPackage } from '#harness/talos/sbom/document.ts'
import { isOwnLicence, ownLicences, renameLicences } from './licences.ts'
import {
  isActor,
  isChecksum,
  isDownloadLocation,
  isHomepage,
  isPurpose,
  isReference,
  isRelationship,
} from './values.ts'

type Purpose = 'CONTAINER' | 'OPERATING-SYSTEM' | 'APPLICATION' | 'ARCHIVE' | 'OTHER'
type Reference = readonly [category: 'PACKAGE-MANAGER' | 'SECURITY', type: 'purl' | 'cpe23Type', locator: string]

/** Its id is unique in the document. */
export type Element = { readonly SPDXID: string; readonly name: string; readonly [field: string]: unknown }
type Relationship = {
  readonly spdxElementId: string
  readonly relationshipType: string
  readonly relatedSpdxElement: string
}
type Licence = SbomDocument['hasExtractedLicensingInfos'][number]

export type Carried = {
  readonly packages: readonly Element[]
  readonly relationships: readonly Relationship[]
  readonly licences: readonly Licence[]
}

type OwnPackage = {
  readonly id: string
  readonly name: string
  readonly version?: string | undefined
  /** The name of an organization; parentheses would begin an address. */
  readonly supplier?: string | undefined
  /** Hex digits. */
  readonly sha256?: string | undefined
  readonly references?: readonly Reference[]
  readonly purpose: Purpose
}

const NONE = 'NOASSERTION'

export function ownPackage({ id, name, version, supplier, sha256, references = [], purpose }: OwnPackage): Element {
  return {
    name,
    SPDXID: `SPDXRef-${id}`,
    ...(version !== undefined && { versionInfo: version }),
    supplier: toOrganization(supplier),
    downloadLocation: NONE,
    filesAnalyzed: false,
    licenseConcluded: NONE,
    licenseDeclared: NONE,
    copyrightText: NONE,
    primaryPackagePurpose: purpose,
    ...(sha256 !== undefined && { checksums: [{ algorithm: 'SHA256', checksumValue: sha256 }] }),
    ...(references.length > 0 && {
      externalRefs: references.map(([referenceCategory, referenceType, referenceLocator]) => ({
        referenceCategory,
        referenceType,
        referenceLocator,
      })),
    }),
  }
}

function toOrganization(name = ''): string {
  const text = `Organization: ${name.replaceAll(/[\p{Cc}()]/gu, ' ').trim()}`
  return isActor(text) ? text : NONE
}

export function contains(spdxElementId: string, relatedSpdxElement: string): Relationship {
  return { spdxElementId, relationshipType: 'CONTAINS', relatedSpdxElement }
}

/**
 * All packages of documents as parts of the element `owner`, under ids of ours: two documents may use one. What related
 * them in their document still does; what is said of files is left out.
 */
export function carryOver(owner: string, documents: readonly SbomDocument[]): Carried {
  const carried = documents.map((document, at) => carryDocument(owner, document, at + 1))
  return {
    packages: carried.flatMap(({ packages }) => packages),
    relationships: carried.flatMap(({ relationships }) => relationships),
    licences: carried.flatMap(({ licences }) => licences),
  }
}

function carryDocument(owner: string, document: SbomDocument, number: number): Carried {
  const prefix = `${owner.replace(/^SPDXRef-/, '')}-${number}`
  const rename = (id: string): string => `LicenseRef-${prefix}-${id.slice('LicenseRef-'.length)}`
  const idOf = new Map(document.packages.map(({ SPDXID }, at) => [SPDXID, `SPDXRef-${prefix}-${at + 1}`]))
  const packages = document.packages.map((one, at) => toElement(one, `SPDXRef-${prefix}-${at + 1}`, rename))
  const related = document.relationships.flatMap(({ spdxElementId, relationshipType, relatedSpdxElement }) => {
    const [from, to] = [idOf.get(spdxElementId), idOf.get(relatedSpdxElement)]
    return from === undefined || to === undefined || !isRelationship(relationshipType)
      ? []
      : [{ spdxElementId: from, relationshipType, relatedSpdxElement: to }]
  })
  return {
    packages,
    relationships: [...packages.map(({ SPDXID }) => contains(owner, SPDXID)), ...related],
    licences: licencesOf(document).map((one) => ({ ...one, licenseId: rename(one.licenseId) })),
  }
}

/** The licences that the document explains, and those that it names and does not, each once. */
function licencesOf({ packages, hasExtractedLicensingInfos }: SbomDocument): readonly Licence[] {
  const named = packages.flatMap(({ licenseConcluded = '', licenseDeclared = '' }) =>
    [licenseConcluded, licenseDeclared].flatMap((expression) => ownLicences(expression) ?? []),
  )
  const unexplained = named.map((licenseId): Licence => ({ licenseId, extractedText: NONE }))
  const explained = hasExtractedLicensingInfos
    .filter(({ licenseId }) => isOwnLicence(licenseId))
    .map(({ extractedText, ...one }) => ({ ...one, extractedText: extractedText === '' ? NONE : extractedText }))
  return [...new Map([...unexplained, ...explained.toReversed()].map((one) => [one.licenseId, one])).values()]
}

/** What is no value of its field is left out, or nothing asserted; a licence that cannot be read stands in the comment. */
function toElement(one: SbomPackage, SPDXID: string, rename: (id: string) => string): Element {
  const { downloadLocation = NONE, homepage, supplier, originator, primaryPackagePurpose, ...others } = one
  const { licenseConcluded, licenseDeclared, licenseComments, checksums, externalRefs, ...rest } = others
  const unread = [
    ['concluded', licenseConcluded],
    ['declared', licenseDeclared],
  ].flatMap(([verb, text]) =>
    text === undefined || ownLicences(text) !== undefined
      ? []
      : [`${verb} in its own document: ${JSON.stringify(text)}`],
  )
  const comments = [...(licenseComments === undefined ? [] : [licenseComments]), ...unread]
  return {
    ...rest,
    SPDXID,
    downloadLocation: isDownloadLocation(downloadLocation) ? downloadLocation : NONE,
    filesAnalyzed: false,
    ...(homepage !== undefined && isHomepage(homepage) && { homepage }),
    ...(supplier !== undefined && isActor(supplier) && { supplier }),
    ...(originator !== undefined && isActor(originator) && { originator }),
    ...(primaryPackagePurpose !== undefined && isPurpose(primaryPackagePurpose) && { primaryPackagePurpose }),
    ...(licenseConcluded !== undefined && { licenseConcluded: toExpression(licenseConcluded, rename) }),
    ...(licenseDeclared !== undefined && { licenseDeclared: toExpression(licenseDeclared, rename) }),
    ...(comments.length > 0 && { licenseComments: comments.join('\n') }),
    ...(checksums !== undefined && { checksums: checksums.filter(isChecksum) }),
    ...(externalRefs !== undefined && { externalRefs: externalRefs.filter(isReference) }),
  }
}

function toExpression(text: string, rename: (id: string) => string): string {
  return ownLicences(text) === undefined ? NONE : renameLicences(text, rename)
}
