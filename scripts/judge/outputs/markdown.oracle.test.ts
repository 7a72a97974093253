// Markdown against GitHub's own parser: what an image says is shown, and becomes nothing else.
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { runTool } from '#fixtures/golden/run-tool.ts'
import { HOSTILE, madeHostile, pairConformance } from '../../testing/sample-outputs.ts'
import { printable } from '../verdict/printable.ts'
import { renderMarkdown } from './markdown.ts'
import type { Conformance } from '../verdict/conformance.ts'

const ARGS = ['--unsafe', '--extension', 'table', '--extension', 'autolink', '--extension', 'strikethrough']

async function toHtml(conformance: Conformance): Promise<string> {
  const input = Buffer.from(renderMarkdown(conformance))
  return (await runTool('cmark-gfm', ARGS, { cwd: tmpdir(), input })).toString()
}

function tagsOf(html: string): readonly string[] {
  return [...new Set([...html.matchAll(/<(\w+)/g)].map(([, tag]) => tag ?? ''))].toSorted()
}

describe('cmark-gfm', async () => {
  const hostile = await toHtml(madeHostile(pairConformance))

  it('finds the same elements in a hostile verdict as in another', async () => {
    const usual = tagsOf(await toHtml(pairConformance))
    // Texts of several lines are in a block.
    expect(tagsOf(hostile).filter((tag) => !usual.includes(tag))).toEqual(['pre'])
    expect(tagsOf(hostile)).not.toContain('a')
  })

  it('gives every row of a table as many cells as its head', () => {
    for (const [table] of hostile.matchAll(/<table>[^]*?<\/table>/g)) {
      const counts = [...table.matchAll(/<tr>[^]*?<\/tr>/g)].map(([row]) => (row.match(/<t[hd]\b/g) ?? []).length)
      expect(new Set(counts).size).toBe(1)
    }
  })

  it('shows the text itself', () => {
    const [line = ''] = printable(HOSTILE, { lines: true }).split('\n')
    expect(
      hostile.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
    ).toContain(line)
  })
})
