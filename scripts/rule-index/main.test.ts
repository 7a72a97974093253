// The rule index after changes of the spec files, in a copy of the project.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { RULE_INDEX_PATH } from '../judge/candidates/inputs.ts'
import { copyProject } from '../testing/project-copy.ts'
import { openSession } from '../testing/session.ts'

const PATIENCE_MS = 240_000
const SPEC = 'specs/oci/identity.spec.ts'
/** Rules that need OCI-003. */
const NEED_IT = ['specs/installer/base.spec.ts', 'specs/installer/payload.spec.ts', 'specs/installer/programs.spec.ts']

describe('npm run rule-index', { timeout: PATIENCE_MS }, () => {
  it('does not let a rule go that was not retired, and does not take one back that was', async () => {
    await using copy = await copyProject()
    const read = (): Promise<string> => readFile(join(copy.folder, RULE_INDEX_PATH), 'utf8')
    await using session = openSession('develop.ts', { project: copy.folder })
    const ruleIndex = (...args: readonly string[]) => session.run(['rule-index', ...args])

    await copy.edit(SPEC, (text) => text.replace("'OCI-003', '", "'OCI-003', 'still "))
    expect(await ruleIndex('--check')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`error: ${RULE_INDEX_PATH} is stale: run npm run rule-index`) as string,
    })
    expect((await ruleIndex()).status).toBe(0)

    const before = await read()
    for (const spec of [SPEC, ...NEED_IT]) await copy.edit(spec, (text) => text.replaceAll("'OCI-003'", "'OCI-099'"))
    const lost = await ruleIndex()
    expect(lost).toMatchObject({ status: 1, stdout: '' })
    expect(lost.stderr).toMatch(/^error: OCI-003 was in the rule index and no spec states it any more: [^\n]+\n$/)
    expect(await read()).toBe(before)

    await copy.edit('specs/contract/retired.ts', (text) =>
      text.replace('[] = [', "[] = [{ id: 'OCI-008', reason: 'split' }, { id: 'OCI-003', reason: 'split' }, "),
    )
    // The command itself reads what is retired, when it is loaded.
    const reused = await copy.run('develop.ts', ['rule-index', '--check'])
    expect(reused).toMatchObject({ status: 1, stdout: '' })
    expect(reused.stderr).toMatch(
      /^error: OCI-008 in specs\/oci\/identity\.spec\.ts is retired: ids are never reused\n$/,
    )
    expect(await read()).toBe(before)
  })
})
