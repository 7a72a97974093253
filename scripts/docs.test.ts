// The Markdown of this repository: its links lead somewhere inside it, and each command that it shows is
// parsed by that command's own parser; the transcripts of README.md are run.
import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }
import { start } from './test/start.ts'
import { COMMAND_PARSERS, WITHOUT_OPTIONS } from './testing/command-parsers.ts'
import { runCommand } from './testing/run-command.ts'
import { commandsOf, commandsOfMarkdown, type ShownCommand } from './testing/shown-commands.ts'

const ROOT = join(import.meta.dirname, '..')
const LINK = /\]\((?!https?:)([^)\s]+)\)/g
const COMMAND = /npm (?:run (?:--silent )?([a-z][a-z:-]*)|(test)\b)/g
/** A row of scripts/README.md: a command, and what it does, with options. */
const ROW = /^\| `npm (?:run )?([a-z][a-z:-]*)[^|]*\|(.*)\|$/gm
/** The beginning of the last line of a verdict. */
const VERDICT = /^(?:GREEN|RED|INCONCLUSIVE): \d+ candidate/
/** From a prompt to the next fence: the command line, and what it prints. */
const TRANSCRIPT = /^\$ ((?:.*\\\n)*.*)\n([\s\S]*?)^```/gm

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

  it.each(documents)('%s shows commands as their own parsers take them', async (path) => {
    const shown = commandsOfMarkdown(await readFile(join(ROOT, path), 'utf8'))
    expect(shown.filter(({ name }) => name !== 'NAME').flatMap(whatIsWrong)).toEqual([])
  })

  it('has rows of commands whose options each command knows', async () => {
    const text = await readFile(join(ROOT, 'scripts/README.md'), 'utf8')
    const wrong = [...text.matchAll(ROW)].flatMap(([, name = '', about = '']) =>
      [...about.matchAll(/`(--[a-z-]+)[^`]*`/g)].flatMap(([, option = '']) =>
        complaint(name, [option])?.includes('unknown option') === true ? [`${name} ${option}`] : [],
      ),
    )
    expect(wrong).toEqual([])
  })

  it('has a README whose transcripts are what its commands print', async () => {
    const text = await readFile(join(ROOT, 'README.md'), 'utf8')
    const transcripts = [...text.matchAll(TRANSCRIPT)]
    expect(transcripts).toHaveLength(2)
    const folder = await mkdtemp(join(tmpdir(), 'readme-'))
    try {
      const judged: (readonly [string, string])[] = []
      for (const [at, [, command = '', output = '']] of transcripts.entries()) {
        const [{ args } = { args: [] }] = commandsOf(command)
        const outcome = await runCommand(start, [...args, '--report', join(folder, `${at}.json`)])
        const printed = outcome.stdout
          .split('\n')
          .map((line) => line.replace(/; \S+\.json$/, '; report/conformance.json'))
        const shown = output.split('\n').filter((line) => line !== '' && line !== '…')
        const [verdict = '', now = ''] = [shown, printed].map((lines) => lines.find((line) => VERDICT.test(line)))
        expect(shown.length).toBeGreaterThan(0)
        expect(VERDICT.exec(now)?.[0]).toBe(VERDICT.exec(verdict)?.[0])
        expect(shown.filter((line) => line !== verdict && !printed.includes(line))).toEqual([])
        judged.push([verdict, now])
      }
      // The numbers of a verdict change with each rule: vitest -u writes them.
      const current = judged.reduce((whole, [verdict, now]) => whole.replace(verdict, now), text)
      await expect(current).toMatchFileSnapshot(join(ROOT, 'README.md'))
    } finally {
      await rm(folder, { recursive: true })
    }
  }, 240_000)

  it('has a README of at most 150 lines', async () => {
    expect((await readFile(join(ROOT, 'README.md'), 'utf8')).split('\n').length).toBeLessThanOrEqual(151)
  })
})

describe('npm scripts', () => {
  it('have a parser that can be asked, or take no option', () => {
    expect([...Object.keys(COMMAND_PARSERS), ...WITHOUT_OPTIONS].toSorted()).toEqual(
      Object.keys(packageJson.scripts).toSorted(),
    )
  })

  it.each(Object.keys(COMMAND_PARSERS))('%s shows under --help an example of each of its options', async (name) => {
    const subcommands = name === 'cache' ? ['status', 'prune'] : []
    const main = await help(name, [])
    const others: string[] = []
    for (const one of subcommands) others.push(await help(name, [one]))
    const examples = commandsOf(main).filter(({ args }) => args.length > 0)
    expect(examples.flatMap(whatIsWrong)).toEqual([])
    expect(examples.filter((one) => one.name !== name)).toEqual([])
    const options = [main, ...others].flatMap((text) =>
      [...text.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, one]) => one),
    )
    const exampled = new Set(['--help', ...examples.flatMap(({ args }) => args)])
    expect(options.filter((option) => !exampled.has(option ?? ''))).toEqual([])
  })
})

describe('what is wrong with a shown command', () => {
  it.each([
    ['an option that is not there', 'npm test -- oci:a --nothing', /unknown option '--nothing'/],
    ['an argument too many', 'npm run promote -- a b c', /too many arguments/],
    ['an argument too few', 'npm run publish -- out', /missing required argument/],
    ['a value that is none', 'npm run bench -- --runs many', /invalid/],
    ['options of a script without any', 'npm run schema -- --check', /takes no options/],
  ])('is %s', (_, line, expected) => {
    expect(commandsOf(line).flatMap(whatIsWrong)).toEqual([expect.stringMatching(expected)])
  })

  it('is nothing for a synopsis', () => {
    const text = 'npm test -- REFERENCE… [--variant NAME]\n            [--target LIST] [--output FORMAT=FILE]'
    expect(commandsOf(text)).toMatchObject([
      { args: ['oci:out/spin-only', '--variant', 'spin-only', '--target', 'image', '--output', 'junit=file.xml'] },
    ])
    expect(commandsOf(text).flatMap(whatIsWrong)).toEqual([])
  })
})

function whatIsWrong({ name, args, line }: ShownCommand): readonly string[] {
  const wrong = complaint(name, args)
  return wrong === undefined ? [] : [`${line}: ${wrong}`]
}

/** The complaint of the command's parser; nothing for a name alone, which represents the command in a sentence. */
function complaint(name: string, args: readonly string[]): string | undefined {
  if (args.length === 0) return undefined
  if (WITHOUT_OPTIONS.some((one) => one === name)) return 'takes no options'
  try {
    COMMAND_PARSERS[name]?.(args)
    return name in COMMAND_PARSERS ? undefined : 'no such command'
  } catch (error) {
    return (error as Error).message
  }
}

async function help(name: string, args: readonly string[]): Promise<string> {
  const ask = (given: readonly string[]): Promise<number> => {
    COMMAND_PARSERS[name]?.(given)
    return Promise.resolve(0)
  }
  return (await runCommand(ask, [...args, '--help'])).stdout
}
