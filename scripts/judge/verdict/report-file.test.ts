import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { setAside, writeWhole } from './report-file.ts'

const folder = await mkdtemp(join(tmpdir(), 'report-file-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

it('writes a file whole, over an older one', async () => {
  const path = join(folder, 'new', 'report.json')
  await writeWhole(path, 'older')
  await writeWhole(path, 'newer')
  expect([await readFile(path, 'utf8'), await readdir(join(folder, 'new'))]).toEqual(['newer', ['report.json']])
})

it('sets an older one aside, and nothing that is no file', async () => {
  const path = join(folder, 'aside', 'report.json')
  await setAside(path)
  for (const text of ['first', 'second']) {
    await writeWhole(path, text)
    await setAside(path)
    const left = await readdir(join(folder, 'aside'))
    expect([left, await readFile(`${path}.old`, 'utf8')]).toEqual([['report.json.old'], text])
  }
  await mkdir(path)
  await expect(setAside(path)).rejects.toThrow('cannot be written')
  expect((await stat(path)).isDirectory()).toBe(true)
})

it('is whole, and the file of one of them, where many of one process write it at once', async () => {
  const path = join(folder, 'together', 'report.json')
  const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(50_000))
  await Promise.all(texts.map((text) => writeWhole(path, text)))
  expect(texts).toContain(await readFile(path, 'utf8'))
  expect(await readdir(join(folder, 'together'))).toEqual(['report.json'])
})

it('leaves what is no file where it is, as /dev/null, also behind a link', async () => {
  const socket = join(folder, 'socket')
  await symlink(socket, join(folder, 'link'))
  const server = createServer().listen(socket)
  await once(server, 'listening')
  for (const path of [socket, join(folder, 'link')]) {
    await expect(writeWhole(path, 'x')).rejects.toThrow(/socket|link/)
    await setAside(path)
    expect((await stat(path)).isSocket()).toBe(true)
  }
  server.close()
})
