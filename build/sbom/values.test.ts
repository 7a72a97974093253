import { describe, expect, it } from 'vitest'
import { ownLicences, renameLicences } from './licences.ts'
import {
  isActor,
  isChecksum,
  isDownloadLocation,
  isHomepage,
  isPurpose,
  isReference,
  isRelationship,
} from './values.ts'

const reference = (text: string): boolean => {
  const [referenceCategory = '', referenceType = '', ...locator] = text.split(' ')
  return isReference({ referenceCategory, referenceType, referenceLocator: locator.join(' ') })
}
const checksum = (text: string): boolean => {
  const [algorithm = '', checksumValue = ''] = text.split(' ')
  return isChecksum({ algorithm, checksumValue })
}
const licence = (text: string): boolean => ownLicences(text) !== undefined
const CPE = 'SECURITY cpe23Type cpe:2.3:a:openzfs:zfs'

describe('values of SPDX', () => {
  it.for<[string, (text: string) => boolean, readonly string[], readonly string[]]>([
    [
      'suppliers',
      isActor,
      ['NOASSERTION', 'Organization: Sidero Labs', 'Person: Jörg (j@example.com)', 'Organization: a, b & c'],
      ['', 'NONE', 'Sidero Labs', 'Organization: ', 'Organization: (a@example.com)', 'Tool: x', 'Person: a\nb'],
    ],
    [
      'homepages',
      isHomepage,
      ['NONE', 'https://example.com', 'http://user@a-b.example.com:8080/x?y#z'],
      [
        '',
        'example',
        'javascript:alert(1)',
        'https://',
        'https://example.com/a b',
        `https://example.com/${'x'.repeat(5000)}`,
      ],
    ],
    [
      'places of download',
      isDownloadLocation,
      ['NOASSERTION', 'https://example.com/a.tar.gz', 'git+https://github.com/you/repo@v1#folder'],
      ['', 'git+https', '/usr/src', 'unknown'],
    ],
    ['purposes', isPurpose, ['APPLICATION', 'OPERATING-SYSTEM'], ['', 'application', 'PROGRAM']],
    ['relationships', isRelationship, ['DEPENDENCY_OF', 'OTHER'], ['', 'depends_on', 'SIBLING_OF']],
    [
      'checksums',
      checksum,
      [`SHA256 ${'0a'.repeat(32)}`, `BLAKE2b-256 ${'0a'.repeat(32)}`],
      [`SHA256 ${'0a'.repeat(31)}`, `SHA256 ${'0A'.repeat(32)}`, `sha256 ${'0a'.repeat(32)}`, 'toString 0', 'CRC 00'],
    ],
    [
      'references',
      reference,
      [
        'PACKAGE-MANAGER purl pkg:golang/a/b@v1?x=y',
        'PACKAGE_MANAGER purl pkg:a/b',
        `${CPE}:2.3.3:*:*:*:*:*:*:*`,
        String.raw`${CPE}:2.3.3\+1:-:*:en-us:*:*:*:*`,
        'SECURITY advisory https://example.com/1',
        'OTHER anything a:b',
      ],
      [
        'PACKAGE-MANAGER purl zfs',
        'PACKAGE-MANAGER purl pkg:a/b c',
        'PACKAGE-MANAGER cpe23Type pkg:a/b',
        `${CPE}:2.3.3:*:*`,
        `${CPE}:2.3.3+1:*:*:*:*:*:*:*`,
        `${CPE}:2.3.3:*:*:english:*:*:*:*`,
        'SECURITY constructor x',
        'NONSENSE purl pkg:a/b',
        'OTHER anything a b',
        'OTHER anything',
      ],
    ],
    [
      'licences',
      licence,
      [
        'NOASSERTION',
        'MIT',
        'GPL-2.0+',
        '(MIT OR (Apache-2.0 AND LicenseRef-a.b)) AND GPL-2.0-only WITH Linux-syscall-note',
      ],
      [
        '',
        'MIT BSD',
        'MIT AND',
        'AND',
        '(MIT',
        'MIT)',
        '()',
        'MIT WITH (a)',
        '(MIT) WITH a',
        'DocumentRef-x:LicenseRef-y',
        'MIT / BSD',
      ],
    ],
  ])('distinguishes right and wrong %s', ([, isRight, right, wrong]) => {
    expect(right.filter((text) => !isRight(text))).toEqual([])
    expect(wrong.filter((text) => isRight(text))).toEqual([])
  })

  it('bounds expressions', () => {
    expect(licence(`${'('.repeat(50)}MIT${')'.repeat(50)}`)).toBe(true)
    expect(licence(`${'('.repeat(51)}MIT${')'.repeat(51)}`)).toBe(false)
    expect(licence(`MIT${' OR MIT'.repeat(500)}`)).toBe(false)
  })

  it('renames the licences of a document alone', () => {
    const text = '(LicenseRef-a OR MIT) AND LicenseRef-b OR LicenseRef-a'
    expect(ownLicences(text)).toEqual(['LicenseRef-a', 'LicenseRef-b'])
    expect(renameLicences(text, (id) => `LicenseRef-1-${id.slice(11)}`)).toBe(
      '(LicenseRef-1-a OR MIT) AND LicenseRef-1-b OR LicenseRef-1-a',
    )
  })
})
