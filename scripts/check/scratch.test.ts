import { access } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { makeScratch, scratchParent } from './scratch.ts'

const HERE = import.meta.dirname
afterEach(() => vi.unstubAllEnvs())

describe('scratchParent', () => {
  it('is the folder where it has room, and the machine memory', () => {
    vi.stubEnv('TMPDIR', undefined)
    expect(scratchParent({ folder: HERE, memory: 2 }, [1, 2])).toBe(HERE)
  })

  it.each<[string, string, number, [number, number], string | undefined]>([
    ['has no room', HERE, 2, [2 ** 80, 2], undefined],
    ['would take memory that is needed', HERE, 1, [1, 2], undefined],
    ['is not there', join(HERE, 'absent'), 2, [1, 2], undefined],
    ['is not what the user set', HERE, 2, [1, 2], '/elsewhere'],
  ])('is the system’s where the folder %s', (_, folder, memory, needs, set) => {
    vi.stubEnv('TMPDIR', set)
    expect(scratchParent({ folder, memory }, needs)).toBe(set ?? tmpdir())
  })
})

describe('makeScratch', () => {
  it('is a folder of its own until it is disposed of', async () => {
    const [one, other] = [await makeScratch(), await makeScratch()]
    expect(one.path).not.toBe(other.path)
    await access(one.path)
    await one[Symbol.asyncDispose]()
    await expect(access(one.path)).rejects.toThrow('ENOENT')
    await other[Symbol.asyncDispose]()
  })
})
