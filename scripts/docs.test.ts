// The Markdown of this repository: its links lead somewhere inside it, and the commands that it shows exist.
import { access, readFile } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { dirname, join, normalize } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }

const ROOT = join(import.meta.dirname, '..')
const LINK = /\]\((?!https?:)([^)\s]+)\)/g
const COMMAND = /npm (?:run (?:--silent )?([a-z][a-z:-]*)|(test)\b)/g

const { stdout } = await promisify(execFile)('git', ['ls-files', '*.md'], { cwd: ROOT })
const documents = stdout.split('\n').filter((path) => path !== '')

describe('documents', () => {
  it('are the rooms’ and the top’s', () => {
    const rooms = ['build', 'fixtures', 'harness', 'scripts', 'specs'].map((room) => `${room}/README.md`)
    expect(documents).toEqual(expect.arrayContaining(['CHANGELOG.md', 'CONTRIBUTING.md', 'README.md', ...rooms]))
  })

  it.each(documents)('%s links to what is there', async (path) => {
    const text = await readFile(join(ROOT, path), 'utf8')
    const targets = [...text.matchAll(LINK)].map((match) => (match[1] ?? '').replace(/#.*$/, ''))
    const missing: string[] = []
    for (const target of targets.filter((one) => one !== '')) {
      const to = normalize(join(dirname(path), target))
      const isThere = await access(join(ROOT, to)).then(
        () => true,
        () => false,
      )
      if (to.startsWith('..') || !isThere) missing.push(target)
    }
    expect(missing).toEqual([])
  })

  it.each(documents)('%s shows commands that exist', async (path) => {
    const text = await readFile(join(ROOT, path), 'utf8')
    const names = [...text.matchAll(COMMAND)].map((match) => match[1] ?? match[2] ?? '')
    expect(names.filter((name) => !(name in packageJson.scripts) && name !== 'NAME')).toEqual([])
  })

  it('has a README of at most 150 lines', async () => {
    expect((await readFile(join(ROOT, 'README.md'), 'utf8')).split('\n').length).toBeLessThanOrEqual(151)
  })
})
