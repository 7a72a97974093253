// Packages of SPDX 2.3 in JSON: those that we say ourselves, and those of documents that are carried over.
import type { SbomDocument, SbomPackage } from '#harness/talos/sbom/document.ts'

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
  readonly supplier?: string | undefined
  /** Hex digits. */
  readonly sha256?: string | undefined
  readonly references?: readonly Reference[]
  readonly purpose: Purpose
}

const NONE = 'NOASSERTION'
/** A licence that only its own document explains. */
const OWN_LICENCE = /LicenseRef-[A-Za-z0-9.-]+/g

export function ownPackage({ id, name, version, supplier, sha256, references = [], purpose }: OwnPackage): Element {
  return {
    name,
    SPDXID: `SPDXRef-${id}`,
    ...(version !== undefined && { versionInfo: version }),
    supplier: supplier === undefined || supplier === '' ? NONE : `Organization: ${supplier}`,
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
  const licenceOf = (text: string): string =>
    text.replaceAll(OWN_LICENCE, (id) => `LicenseRef-${prefix}-${id.slice(11)}`)
  const idOf = new Map(document.packages.map(({ SPDXID }, at) => [SPDXID, `SPDXRef-${prefix}-${at + 1}`]))
  const packages = document.packages.map((one, at) => toElement(one, `SPDXRef-${prefix}-${at + 1}`, licenceOf))
  const related = document.relationships.flatMap(({ spdxElementId, relationshipType, relatedSpdxElement }) => {
    const [from, to] = [idOf.get(spdxElementId), idOf.get(relatedSpdxElement)]
    return from === undefined || to === undefined
      ? []
      : [{ spdxElementId: from, relationshipType, relatedSpdxElement: to }]
  })
  return {
    packages,
    relationships: [...packages.map(({ SPDXID }) => contains(owner, SPDXID)), ...related],
    licences: document.hasExtractedLicensingInfos.map((one) => ({ ...one, licenseId: licenceOf(one.licenseId) })),
  }
}

function toElement(one: SbomPackage, SPDXID: string, licenceOf: (text: string) => string): Element {
  const { downloadLocation = NONE, licenseConcluded, licenseDeclared, ...rest } = one
  return {
    ...rest,
    SPDXID,
    downloadLocation,
    filesAnalyzed: false,
    ...(licenseConcluded !== undefined && { licenseConcluded: licenceOf(licenseConcluded) }),
    ...(licenseDeclared !== undefined && { licenseDeclared: licenceOf(licenseDeclared) }),
  }
}
