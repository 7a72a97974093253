import { describe, expect, it } from 'vitest'
import { sampleConformance } from '../../testing/sample-conformance.ts'
import { OUTPUT_FORMATS, parseOutput, renderOutput } from './output.ts'

describe('parseOutput', () => {
  it('adds to what was asked for before', () => {
    expect(parseOutput('html=a=b.html', parseOutput('junit=out/j.xml'))).toEqual([
      { format: 'junit', file: 'out/j.xml' },
      { format: 'html', file: 'a=b.html' },
    ])
  })

  it.each(['', 'junit', 'junit=', '=x', 'pdf=x', 'JUNIT=x'])('refuses %j', (text) => {
    expect(() => parseOutput(text)).toThrow(/^expected FORMAT=FILE with a format of junit, markdown, /)
  })

  it('refuses a file that another output goes to', () => {
    expect(() => parseOutput('html=x', parseOutput('junit=x'))).toThrow('another FILE')
  })
})

describe('renderOutput', () => {
  it.each(OUTPUT_FORMATS)('renders %s', async (format) => {
    expect(await renderOutput(format, sampleConformance)).toContain('UKI-001')
  })
})
