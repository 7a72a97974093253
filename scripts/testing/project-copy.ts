// A copy of the project whose spec files a test may mutate: specs and scripts are copies, all else is linked.
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../root.ts'
import { runScript, type Outcome } from './run-script.ts'

const COPIED = ['specs', 'scripts', 'package.json', 'README.md']
const LINKED = ['harness', 'build', 'fixtures', 'node_modules']

export type ProjectCopy = AsyncDisposable & {
  readonly folder: string
  /** Throws when `edit` changes nothing: what is not mutated proves nothing. */
  readonly edit: (path: string, edit: (text: string) => string) => Promise<void>
  /** `node scripts/NAME ARGS` in the copy. */
  readonly run: (script: string, args: readonly string[]) => Promise<Outcome>
}

export async function copyProject(): Promise<ProjectCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'project-copy-'))
  for (const name of COPIED) await cp(join(ROOT, name), join(folder, name), { recursive: true })
  for (const name of LINKED) await symlink(join(ROOT, name), join(folder, name))
  return {
    folder,
    async edit(path, edit) {
      await writeFile(join(folder, path), edited(await readFile(join(folder, path), 'utf8'), edit))
    },
    run: (script, args) => runScript(script, args, folder),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

/** Throws when `edit` changes nothing: what is not mutated proves nothing. */
export function edited(text: string, edit: (text: string) => string): string {
  const changed = edit(text)
  if (changed === text) throw new Error('expected an edit, got the same text')
  return changed
}
