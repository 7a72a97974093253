// The version of the readers: what they make of bytes is the same while these files, the packages and Node are.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const MODULE = /\.[jt]s$/
const TESTS = /(?:\.test\.[jt]s$|(?:^|[/\\])testing[/\\])/

/**
 * Lists of packages by their versions: the lockfile of the repository; the package, whose modules are in dist/, pins
 * them itself.
 */
function packageLists(folder: string): readonly string[] {
  return import.meta.filename.endsWith('.ts')
    ? [join(folder, '../package-lock.json')]
    : [join(folder, '../package.json'), join(folder, '../../package.json')]
}

/** SHA-256 in hex over the harness in `folder`, the packages in `lists`, and Node. */
export function readerVersion(folder: string = import.meta.dirname, lists = packageLists(folder)): string {
  const hash = createHash('sha256').update(JSON.stringify([process.versions, process.arch]))
  const modules = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => MODULE.test(name) && !TESTS.test(name))
    .toSorted()
  for (const path of [...modules.map((name) => join(folder, name)), ...lists]) {
    const bytes = readFileSync(path)
    hash.update(JSON.stringify([relative(folder, path), bytes.length])).update(bytes)
  }
  return hash.digest('hex')
}
