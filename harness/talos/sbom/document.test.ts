import { expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { SbomReader } from './document.ts'

const WHERE = { path: 'usr/share/spdx/talos-arm64.spdx.json' }
const encode = (packages: number, more: object = {}): Buffer =>
  Buffer.from(
    JSON.stringify({
      spdxVersion: 'SPDX-2.3',
      name: 'x',
      packages: Array.from({ length: packages }, (_, at) => ({ name: 'a', SPDXID: `SPDXRef-${at}`, ...more })),
    }),
  )
const ONE = encode(1)
const PURL = { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: 'pkg:a/b' }
const LOTS = { documents: 9, bytes: 1 << 20, elements: 99 }

it.for([
  ['documents', { ...LOTS, documents: 2 }, [ONE, ONE], ONE],
  ['bytes', { ...LOTS, bytes: 2 * ONE.length }, [ONE, ONE], ONE],
  ['elements', { ...LOTS, elements: 5 }, [encode(2), encode(3)], ONE],
  ['elements', { ...LOTS, elements: 3 }, [encode(1, { externalRefs: [PURL, PURL] })], encode(1)],
] as const)('bounds the %s of all documents together', async ([name, limits, fitting, more]) => {
  const reader = new SbomReader(limits)
  for (const bytes of fitting) expect(await reader.read(bytesSource(bytes, WHERE))).toMatchObject({ name: 'x' })
  const error = await expectCode(() => reader.read(bytesSource(more, WHERE)), FormatError, 'LIMIT_EXCEEDED')
  expect(error.message).toContain(`${name} in all documents together`)
  expect(error.at).toEqual(WHERE)
})
