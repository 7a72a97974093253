// The house rules that a machine can hold: who imports whom, how long a file may be.
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from './judge/run/run.ts'

const MAX_LINES = 250

/** Folder → what of ours it may import; a path that no rule names may import nothing of ours but its own folder. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  harness: ['harness'],
  specs: ['specs', 'harness'],
  build: ['build', 'harness', 'specs/contract'],
  fixtures: ['fixtures', 'build', 'harness', 'specs/contract'],
  scripts: ['scripts', 'specs', 'harness', 'build', 'fixtures', 'package.json'],
}
/** Writers share no code with readers; the few modules that are neither may be used by both. */
const NEVER: readonly (readonly [from: string, to: string])[] = [
  ['build/formats', 'harness/formats'],
  ['build/formats', 'harness/fs'],
]

const IMPORT = /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g

type Module = { readonly path: string; readonly imports: readonly string[]; readonly lines: number }

async function readModules(): Promise<readonly Module[]> {
  const modules: Module[] = []
  for (const folder of Object.keys(MAY_IMPORT)) {
    const names = await readdir(join(ROOT, folder), { recursive: true })
    for (const name of names.filter((one) => one.endsWith('.ts'))) {
      const path = join(folder, name)
      const text = await readFile(join(ROOT, path), 'utf8')
      const specifiers = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '')
      const own = specifiers.filter((specifier) => /^[.#]/.test(specifier))
      modules.push({
        path,
        imports: own.map((specifier) => resolveOwn(path, specifier)),
        lines: text.split('\n').length - 1,
      })
    }
  }
  return modules
}

function resolveOwn(from: string, specifier: string): string {
  if (specifier.startsWith('#')) return specifier.slice(1)
  return relative(ROOT, resolve(ROOT, dirname(from), specifier))
}

function isHelper(path: string): boolean {
  return isUnder(path, 'harness/testing') || isUnder(path, 'scripts/testing')
}

function isUnder(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

describe('architecture', async () => {
  const modules = await readModules()

  it('sees the modules and their imports', () => {
    expect(modules.length).toBeGreaterThan(50)
    expect(modules.find(({ path }) => path === 'specs/support/test.ts')?.imports).toContain('harness/talos/quirks.ts')
  })

  it('lets imports go one way', () => {
    const wrong = modules.flatMap(({ path, imports }) =>
      imports
        .filter((target) => !MAY_IMPORT[path.split('/')[0] ?? '']?.some((allowed) => isUnder(target, allowed)))
        .map((target) => `${path} imports ${target}`),
    )
    expect(wrong).toEqual([])
  })

  it('keeps readers and writers apart', () => {
    const wrong = modules
      .filter(({ path }) => !path.endsWith('.test.ts'))
      .flatMap(({ path, imports }) =>
        imports
          .filter((target) => NEVER.some(([from, to]) => isUnder(path, from) && isUnder(target, to)))
          .map((target) => `${path} imports ${target}`),
      )
    expect(wrong).toEqual([])
  })

  it(`keeps every file within ${MAX_LINES} lines`, () => {
    expect(modules.filter(({ lines }) => lines > MAX_LINES).map(({ path, lines }) => `${path}: ${lines}`)).toEqual([])
  })

  it('keeps test helpers out of the product', () => {
    const wrong = modules
      .filter(({ path }) => !path.endsWith('.test.ts') && !isHelper(path) && !isUnder(path, 'fixtures'))
      .filter(({ imports }) => imports.some(isHelper))
    expect(wrong.map(({ path }) => path)).toEqual([])
  })
})
