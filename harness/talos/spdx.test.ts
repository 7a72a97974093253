import { expect, it } from 'vitest'
import { readAll } from '../bytes/source.ts'
import { FormatError, SchemaError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { describeHostile } from '../testing/hostile.ts'
import { parseSpdx } from './spdx.ts'

const where = { path: '5.sqsh!usr/local/share/spdx/spin.spdx.json' }
const purl = 'pkg:cargo/spin@0.21.0'
const document = {
  spdxVersion: 'SPDX-2.3',
  SPDXID: 'SPDXRef-DOCUMENT',
  name: 'spin',
  packages: [
    {
      name: 'spin',
      SPDXID: 'SPDXRef-Package-spin',
      versionInfo: 'v0.21.0',
      externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }],
    },
    { name: 'libc' },
  ],
}
const sample = Buffer.from(JSON.stringify(document))

it('reads version, name and packages', () => {
  expect(parseSpdx(sample, where)).toEqual({
    version: 'SPDX-2.3',
    name: 'spin',
    packages: [
      {
        name: 'spin',
        versionInfo: 'v0.21.0',
        externalRefs: [{ category: 'PACKAGE-MANAGER', type: 'purl', locator: purl }],
      },
      { name: 'libc', externalRefs: [] },
    ],
  })
})

it('reads a document without packages', () => {
  expect(parseSpdx(Buffer.from('{"spdxVersion":"SPDX-2.3","name":"a"}'), where).packages).toEqual([])
})

it('names every issue', async () => {
  const text = '{"name":1,"packages":[{"versionInfo":2},{"name":"a","externalRefs":[{}]}]}'
  const error = await expectCode<SchemaError>(() => parseSpdx(Buffer.from(text), where), SchemaError, 'SCHEMA')
  expect(error.issues.map(({ path }) => path)).toEqual([
    '/spdxVersion',
    '/name',
    '/packages/0/name',
    '/packages/0/versionInfo',
    '/packages/1/externalRefs/0/referenceCategory',
    '/packages/1/externalRefs/0/referenceType',
    '/packages/1/externalRefs/0/referenceLocator',
  ])
  expect(error.at).toEqual(where)
})

it.each([
  ['no JSON', Buffer.from('{')],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ['very deep', Buffer.from('['.repeat(1 << 20))],
])('refuses what is %s', async (_, bytes) => {
  const error = await expectCode(() => parseSpdx(bytes, where), FormatError, 'MALFORMED')
  expect(error.at).toEqual(where)
})

it('refuses a document of more than 64 MiB', async () => {
  const error = await expectCode(() => parseSpdx(Buffer.alloc((64 << 20) + 1), where), FormatError, 'LIMIT_EXCEEDED')
  expect(error.at).toEqual(where)
})

describeHostile('spdx', { 'a.spdx.json': () => sample }, async (source) =>
  parseSpdx(await readAll(source, 1 << 20), source.where),
)
