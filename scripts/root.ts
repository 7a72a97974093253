// The folder of this project, and its two forms: the repository, and the package, whose modules are JavaScript.
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** `.ts` in the repository, `.js` in the package, which scripts/package makes. */
export const MODULE_EXTENSION = extname(import.meta.filename)

/** The path of a module in the repository, which reports name in either form: `specs/oci/index.spec.ts`. */
export function repositoryPath(path: string): string {
  return path.endsWith(MODULE_EXTENSION) ? `${path.slice(0, -MODULE_EXTENSION.length)}.ts` : path
}

/** The path here of a module that a report or the rule index names. */
export function modulePath(path: string): string {
  return path.endsWith('.ts') ? `${path.slice(0, -'.ts'.length)}${MODULE_EXTENSION}` : path
}
