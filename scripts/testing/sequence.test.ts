import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT } from '../root.ts'
import { FIRST, longestFirst } from './sequence.ts'

it('begins with files that are there, each once', async () => {
  for (const path of FIRST) await expect(access(join(ROOT, path))).resolves.toBeUndefined()
  expect(new Set(FIRST).size).toBe(FIRST.length)
})

it('keeps the order of the others', () => {
  const [first = '', second = ''] = FIRST
  const files = ['b', second, 'a', first].map((path) => join(ROOT, path))
  expect(longestFirst(files, (path) => path)).toEqual([first, second, 'b', 'a'].map((path) => join(ROOT, path)))
})
