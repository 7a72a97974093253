// JUnit's XML against xmllint and a schema of what consumers admit.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runTool } from '#fixtures/golden/run-tool.ts'
import { HOSTILE, madeHostile, pairConformance } from '../../testing/sample-outputs.ts'
import { printable } from '../verdict/printable.ts'
import { renderJunit } from './junit.ts'

const SCHEMA = fileURLToPath(new URL('junit.xsd', import.meta.url))

describe('xmllint', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'junit-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const lint = async (text: string, ...args: readonly string[]): Promise<string> => {
    await writeFile(join(folder, 'junit.xml'), text)
    return (await runTool('xmllint', ['--nonet', ...args, 'junit.xml'], { cwd: folder })).toString()
  }

  it.each([
    ['two variants', pairConformance],
    ['hostile texts', madeHostile(pairConformance)],
    ['no candidate', { ...pairConformance, candidates: [], runErrors: [] }],
  ])('takes %s', async (_, conformance) => {
    await expect(lint(renderJunit(conformance), '--noout', '--schema', SCHEMA)).resolves.toBe('')
  })

  it('reads back what was written', async () => {
    const message = await lint(
      renderJunit(madeHostile(pairConformance)),
      '--xpath',
      'string(/testsuites/testsuite[3]/testcase/error)',
    )
    expect(message.trimEnd()).toBe(
      printable(HOSTILE, { lines: true }).replace('\ud800', '\\u{d800}').replace('\ufffe', '\\u{fffe}'),
    )
  })

  it('refuses what the schema does not admit', async () => {
    const text = renderJunit(pairConformance).replace(' tests="8"', '')
    expect(await readFile(SCHEMA, 'utf8')).toContain('name="tests"')
    await expect(lint(text, '--noout', '--schema', SCHEMA)).rejects.toThrow("The attribute 'tests' is required")
  })
})
