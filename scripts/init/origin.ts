// The repository on GitHub that a folder is a clone of, as its `.git/config` says.
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

export type Origin = { readonly owner: string; readonly repository: string }

const REMOTE = /\[remote "origin"\]\s*\n(?:[ \t]+[^\n]*\n)*?[ \t]*url\s*=\s*(\S+)/
const GITHUB = /github\.com[:/]([\w.-]+)\/([\w.-]+?)(?:\.git)?$/

/** Undefined outside of a clone, and for a clone of elsewhere. */
export async function findOrigin(folder: string): Promise<Origin | undefined> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const config = await readFile(join(at, '.git/config'), 'utf8').catch(() => undefined)
    if (config !== undefined) {
      const [, owner, repository] = GITHUB.exec(REMOTE.exec(config)?.[1] ?? '') ?? []
      return owner === undefined || repository === undefined ? undefined : { owner, repository }
    }
    if (dirname(at) === at) return undefined
  }
}
