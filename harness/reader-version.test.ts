import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readerVersion } from './reader-version.ts'

const root = await mkdtemp(join(tmpdir(), 'reader-version-'))
afterAll(() => rm(root, { recursive: true }))
const folder = join(root, 'harness')
const lists = [join(root, 'package-lock.json')]
const write = (path: string, text: string): Promise<void> => writeFile(join(root, path), text)

await mkdir(join(folder, 'testing'), { recursive: true })
await write('harness/reader.ts', 'one')
await write('package-lock.json', '{}')

it('is another with every change of a reader or a package, and the same with those of tests', async () => {
  const seen = [readerVersion(folder, lists)]
  await write('harness/reader.test.ts', 'a test')
  await write('harness/testing/sample.ts', 'of tests')
  expect(readerVersion(folder, lists)).toBe(seen[0])
  const changes: readonly (readonly [string, string])[] = [
    ['harness/reader.ts', 'two'],
    ['harness/other.ts', ''],
    ['harness/other.ts', 'more'],
    ['package-lock.json', '{"packages":{}}'],
  ]
  for (const [path, text] of changes) {
    await write(path, text)
    seen.push(readerVersion(folder, lists))
  }
  expect(new Set(seen).size).toBe(1 + changes.length)
})

it('is that of this harness', () => {
  expect(readerVersion()).toMatch(/^[0-9a-f]{64}$/)
})
