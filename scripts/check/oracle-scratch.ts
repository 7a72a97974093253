// The folder for temporary files of the oracles and of their tools: in memory, as that of `check`, where there is much of it.
// They unpack some hundred thousand files, and two gigabytes of packages.
import { chmod } from 'node:fs/promises'
import { makeScratch } from './scratch.ts'

/** Vitest calls it before the first test, and what it gives after the last one; workers take the environment. */
export default async function setUp(): Promise<() => Promise<void>> {
  const { TMPDIR } = process.env
  const scratch = await makeScratch()
  // One test runs the package as another user, who has temporary files, too.
  await chmod(scratch.path, 0o1777)
  process.env['TMPDIR'] = scratch.path
  return async () => {
    if (TMPDIR === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = TMPDIR
    await scratch[Symbol.asyncDispose]()
  }
}
