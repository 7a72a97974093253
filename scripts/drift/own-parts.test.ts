// `npm run drift` under a contract that names images outside of upstream's namespace.
import { describe, expect, it } from 'vitest'
import { runCommand } from '../testing/run-command.ts'
import { drift } from './main.ts'

describe('npm run drift', { timeout: 120_000 }, () => {
  it.each([
    ['an extension of one’s own and an overlay', 'raspberry-pi'],
    ['a kernel of one’s own', 'own-kernel'],
  ])('reads %s', async (_, name) => {
    const args = ['--upstream', 'embedded', '--from', 'v1.11.5', '--to', 'v1.12.9', '--no-judge']
    const { exit, stdout, stderr } = await runCommand(drift, [
      ...args,
      '--contract',
      `specs/contract/examples/${name}.yaml`,
    ])
    expect([exit, stderr]).toEqual([3, ''])
    expect(stdout).toContain('the kernel is 6.18.35-talos (was 6.12.57-talos)')
  })
})
