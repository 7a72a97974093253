import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { keyPath, openSeal } from './key.ts'

const folder = await mkdtemp(join(tmpdir(), 'cache-key-'))
afterAll(() => rm(folder, { recursive: true }))
let keys = 0
const newPath = (): string => join(folder, `k${keys++}`, 'state', 'cache.key')

describe('openSeal', () => {
  it('makes a key once, for this user alone', async () => {
    const path = newPath()
    const seals = await Promise.all(Array.from({ length: 8 }, () => openSeal(path)))
    const [first] = seals
    expect(new Set(seals.map((one) => one?.make('a'))).size).toBe(1)
    expect(first?.holds('a', first.make('a'))).toBe(true)
    expect(first?.holds('b', first.make('a'))).toBe(false)
    expect(first?.holds('a', '')).toBe(false)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readFile(path, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
  })

  it('has other seals with another key', async () => {
    const [one, other] = [await openSeal(newPath()), await openSeal(newPath())]
    expect(other?.holds('a', one?.make('a') ?? '')).toBe(false)
  })

  it.each<[string, (path: string) => Promise<unknown>]>([
    ['others can read', (path) => chmod(path, 0o644)],
    ['is no key', (path) => writeFile(path, 'x')],
    [
      'is a link',
      async (path) => {
        await writeFile(join(folder, 'elsewhere'), `${'0'.repeat(64)}\n`, { mode: 0o600 })
        await rm(path)
        await symlink(join(folder, 'elsewhere'), path)
      },
    ],
  ])('has none where the file %s', async (_, damage) => {
    const path = newPath()
    await openSeal(path)
    await damage(path)
    expect(await openSeal(path)).toBeUndefined()
  })

  it('has none where no file can be made', async () => {
    await writeFile(join(folder, 'file'), 'x')
    expect(await openSeal(join(folder, 'file', 'cache.key'))).toBeUndefined()
  })
})

describe('keyPath', () => {
  it.each([
    [{ XDG_STATE_HOME: '/state' }, '/state/talos-image-contract/cache.key'],
    [{ XDG_STATE_HOME: '' }, /\.local\/state\/talos-image-contract\/cache\.key$/],
  ])('is where %j says', (env, expected) => {
    expect(keyPath(env)).toMatch(expected)
  })
})
