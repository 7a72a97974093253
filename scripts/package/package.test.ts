// What is packed, without npm: the modules that the commands reach, with their lines, and the data that they read.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../root.ts'
import { collectPackage } from './main.ts'
import { nestedPackages, pinDependencies } from './pinned.ts'

const BESIDE = /new URL\('([^']+)', import\.meta\.url\)/g
const RELATIVE = /(?:from|import(?:\.meta\.resolve)?\s*\(?)\s*'(\.[^']+)'/g

describe('the package', { timeout: 240_000 }, async () => {
  const { modules, data } = await collectPackage(ROOT)
  /** With a package.json of its own. */
  const shipped = new Set([...modules.map(({ path }) => path.replace(/\.ts$/, '.js')), ...data, 'package.json'])

  it('has what its modules import, as JavaScript', () => {
    expect(modules.length).toBeGreaterThan(400)
    const missing = modules.flatMap(({ path, code }) =>
      [...code.matchAll(RELATIVE)]
        .map(([, specifier = '']) => join(dirname(path), specifier))
        .filter((target) => !shipped.has(target)),
    )
    expect(missing).toEqual([])
  })

  it('has the files that its modules read beside them', () => {
    const named = modules.flatMap(({ path, code }) =>
      [...code.matchAll(BESIDE)].map(([, name = '']) => join(dirname(path), name)),
    )
    expect(named).toContain('specs/contract/advisories.yaml')
    expect(named.filter((path) => path !== '.' && !shipped.has(path))).toEqual([])
  })

  it('keeps the lines of the sources', async () => {
    const wrong: string[] = []
    for (const { path, code } of modules) {
      const source = await readFile(join(ROOT, path), 'utf8')
      const isOther = path === 'fixtures/counterexamples/index.ts'
      if (!isOther && source.split('\n').length !== code.split('\n').length) wrong.push(path)
    }
    expect(wrong).toEqual([])
  })

  it('has no comments, and what looks like one in a text as it is', () => {
    const codeOf = new Map(modules.map(({ path, code }) => [path, code]))
    expect(modules.filter(({ code }) => /^\s*(?:\/\/|\/\*\*)/.test(code)).map(({ path }) => path)).toEqual([])
    expect(codeOf.get('harness/oci/registry/access.ts')).not.toContain('/**')
    expect(codeOf.get('build/signing/keyless-signer.ts')).toContain('https://')
  })

  it('calls its commands by its own name', () => {
    const wrong = modules.filter(({ code }) => /npm (?:test\b|run (?:lock|build|publish|drift|registry)\b)/.test(code))
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  it('has no test, and nothing that makes counterexamples', () => {
    const wrong = modules.filter(({ path }) =>
      /\.test\.|^fixtures\/counterexamples\/(?!index)|^scripts\/testing/.test(path),
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })
})

describe('the packed package.json', () => {
  it('has every dependency by its version, and none for development or of one platform', () => {
    const lock = {
      packages: {
        '': {},
        'node_modules/a': { version: '1.0.0' },
        'node_modules/@b/c': { version: '2.0.0' },
        'node_modules/a/node_modules/d': { version: '3.0.0' },
        'node_modules/e': { version: '4.0.0', dev: true },
        'node_modules/f': { version: '5.0.0', optional: true },
        'node_modules/g': { version: '6.0.0', devOptional: true },
      },
    }
    const manifest = {
      name: 'x',
      dependencies: { a: '^1.0.0' },
      devDependencies: { e: '4' },
      optionalDependencies: { f: '5' },
    }
    expect(JSON.parse(pinDependencies(JSON.stringify(manifest), JSON.stringify(lock)))).toEqual({
      name: 'x',
      dependencies: { a: '1.0.0', '@b/c': '2.0.0' },
      optionalDependencies: { f: '5' },
    })
  })

  it('leaves to npm the packages that are there in two versions', async () => {
    const nested = nestedPackages(await readFile(join(ROOT, 'package-lock.json'), 'utf8'))
    expect(nested).toEqual([
      'node_modules/@tufjs/models/node_modules/minimatch',
      'node_modules/minipass-flush/node_modules/minipass',
      'node_modules/minipass-pipeline/node_modules/minipass',
      'node_modules/tsyringe/node_modules/tslib',
    ])
  })
})

describe('the program', () => {
  /** `change` runs before it. */
  const start = (change: string) =>
    spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(change)}`, join(ROOT, 'scripts/bin.mjs'), 'nothing'],
      { encoding: 'utf8' },
    )
  const OLD = "Object.defineProperty(process.versions, 'node', { value: '20.1.0' });"
  const glibc = (version: string) =>
    `process.report.getReport = () => ({ header: { glibcVersionRuntime: ${version} } });`

  it('starts the commands of this clone', () => {
    expect(existsSync(join(ROOT, 'scripts/talos-image.ts'))).toBe(true)
    const { status, stdout, stderr } = start(OLD)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^error: expected a command \(test, /)
  })

  it.each([
    [
      'another C library',
      `${OLD}${glibc('undefined')}`,
      'the one in the package needs glibc, and this system has another C library',
    ],
    ['an old glibc', `${OLD}${glibc("'2.17'")}`, 'the one in the package needs glibc 2.28, and this system has 2.17'],
    [
      'another system',
      `${OLD}Object.defineProperty(process, 'platform', { value: 'win32' })`,
      `there is none in the package for win32 ${process.arch}`,
    ],
  ])('says what is wrong on %s', (_, change, reason) => {
    const { status, stdout, stderr } = start(change)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toBe(`error: talos-image needs Node 26.10 or newer, got 20.1.0, and ${reason}\n`)
  })

  it('runs there under a Node that is new enough', () => {
    expect(start(glibc('undefined')).stderr).toMatch(/^error: expected a command \(test, /)
  })
})
