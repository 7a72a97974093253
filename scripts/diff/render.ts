// A comparison for a person: at a terminal, and as Markdown for a pull request.
import type { Diff, DiffSide } from './report.ts'
import { changeLines, changeTable, escapeMarkdown } from '../drift/render.ts'
import { printable } from '../judge/verdict/printable.ts'

/** Paths of each kind that are listed. */
const MAX_PATHS = 200

const KINDS = { gone: '-', added: '+', changed: '~' } as const

export function renderTerminal(diff: Diff, stream: NodeJS.WritableStream): string {
  const { changes, files } = diff
  return [
    `${titleOf(diff.was)} → ${titleOf(diff.is)}`,
    ...changes.flatMap((one) => changeLines(one, stream)),
    ...(files === undefined ? [] : ['', ...fileLines(files)]),
    '',
    sentence(diff),
    '',
  ].join('\n')
}

export function renderMarkdown(diff: Diff): string {
  const { was, is, changes, files } = diff
  return [
    `# ${escapeMarkdown(titleOf(was))} → ${escapeMarkdown(titleOf(is))}`,
    '',
    `**${escapeMarkdown(sentence(diff))}**`,
    ...(changes.length === 0 ? [''] : changeTable(changes)),
    ...(files === undefined ? [] : ['## Files', '', ...fileLines(files).map((line) => `    ${line}`), '']),
  ].join('\n')
}

/** What a variant or a release is called; another label is shown in quotes: CI takes a line that begins with `::` for a command. */
const NAME = /^[0-9A-Za-z][\w.+-]*$/

/** `spin-only v1.13.9 (oci:out/spin-only)`, in one line whatever the labels of an image say. */
export function titleOf({ name, talos, variant }: DiffSide): string {
  const about = [variant, talos]
    .flatMap((one) => (one === undefined ? [] : [NAME.test(one) ? one : JSON.stringify(one)]))
    .join(' ')
  return printable(about === '' || about === name ? name : `${about} (${name})`)
}

export function sentence({ effect, changes, files }: Diff): string {
  if (effect === 'same') return 'the same'
  const count = (name: string): number => changes.filter((one) => one.effect === name).length
  const parts = [
    `${count('breaks')} break${count('breaks') === 1 ? 's' : ''}`,
    `${count('decide')} to decide`,
    `${count('note')} to know`,
    ...(files === undefined
      ? []
      : [`files: ${files.gone.length} gone, ${files.added.length} new, ${files.changed.length} changed`]),
  ]
  return `${effect === 'breaks' ? 'BREAKS' : 'differs'}: ${parts.join(', ')}`
}

/** `- rootfs!etc/nfsmount.conf` */
function fileLines(files: NonNullable<Diff['files']>): readonly string[] {
  return (['gone', 'added', 'changed'] as const).flatMap((kind) => {
    const paths = files[kind]
    const more = paths.length - MAX_PATHS
    return [
      ...paths.slice(0, MAX_PATHS).map((path) => `${KINDS[kind]} ${printable(path)}`),
      ...(more > 0 ? [`${KINDS[kind]} and ${more} more`] : []),
    ]
  })
}
