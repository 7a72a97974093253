import { describe, expect, it } from 'vitest'
import { UsageError } from '../cli/command-line.ts'
import { changedFiles, reaching, rulesStatedIn, testsReaching } from './changed.ts'

const TEXTS = new Map([
  ['harness/a.ts', ''],
  ['harness/a.test.ts', "import { a } from './a.ts'"],
  ['harness/a.oracle.test.ts', "import { a } from './a.ts'"],
  ['harness/b.ts', "import type { A } from '#harness/a.ts'"],
  ['specs/c.ts', "const b = await import('#harness/b.ts')"],
  ['specs/c.test.ts', "import './c.ts'"],
  ['specs/d.test.ts', "readFile('contract.yaml')"],
  ['specs/loop.ts', "export { c } from './c.ts'; import '../harness/a.ts'"],
])

describe('reaching', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['a module, the nearest test first', ['harness/a.ts'], ['harness/a.test.ts', 'specs/c.test.ts']],
    ['a module behind a dynamic import', ['harness/b.ts'], ['specs/c.test.ts']],
    ['a test itself', ['specs/c.test.ts'], ['specs/c.test.ts']],
    ['a file that is only mentioned', ['specs/contract/contract.yaml'], ['specs/d.test.ts']],
    ['what nothing imports', ['specs/loop.ts'], []],
    ['nothing', [], []],
  ])('finds the tests of %s', (_, changed, tests) => {
    expect(reaching(TEXTS, changed)).toEqual(tests)
  })
})

describe('testsReaching', () => {
  it('leaves tests of commands out where no command has changed', async () => {
    const reader = await testsReaching(['harness/formats/cpio/cpio.ts'])
    expect(reader.tests).toContain('harness/formats/cpio/cpio.test.ts')
    expect(reader.tests.filter((path) => path.startsWith('scripts/lock/'))).toEqual([])
    expect(reader.left).toBeGreaterThan(0)
    const command = await testsReaching(['scripts/lock/parts.ts'])
    expect(command.tests).toContain('scripts/lock/parts.test.ts')
  })
})

describe('changedFiles', () => {
  it('refuses what is no commit', async () => {
    await expect(changedFiles('no-such-commit')).rejects.toThrow(UsageError)
  })
})

describe('rulesStatedIn', () => {
  it('lists the rules of spec files, and of nothing else', async () => {
    expect(await rulesStatedIn(['specs/oci/identity.spec.ts', 'specs/oci/absent.spec.ts', 'README.md'])).toEqual([
      'OCI-001',
      'OCI-003',
      'OCI-008',
    ])
    expect(await rulesStatedIn(['scripts/check/changed.test.ts'])).toEqual([])
  })
})
