import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder } from './folder.ts'

const root = await mkdtemp(join(tmpdir(), 'folder-'))
afterAll(() => rm(root, { recursive: true }))

describe('makeFolder', () => {
  it('makes what is missing, also when several ask at once', async () => {
    const path = join(root, 'a/b/c')
    await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(root, 'a/b'))])
    expect((await stat(path)).isDirectory()).toBe(true)
  })

  it('takes a folder that is there as it is', async () => {
    await expect(makeFolder(root)).resolves.toBeUndefined()
  })

  it('fails below a file, and where no folder can be made', async () => {
    await writeFile(join(root, 'file'), '')
    await expect(makeFolder(join(root, 'file/x'))).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(makeFolder('/proc/none/x')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
