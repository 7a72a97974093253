// extensions.yaml as a text: pkg/machinery/extensions/config.go (siderolabs/talos) writes it through go-yaml, and
// nobody else does.
import { FormatError } from '#harness/errors.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

test(
  ...must('EXT-040', '`extensions.yaml` is byte for byte what imager of this release writes for its content', {
    targets: ['installer', 'assets'],
    needs: ['EXT-001'],
    fix: 'leave extensions.yaml as imager or the build wrote it: another text can be another list to Talos than to its reader',
  }),
  async ({ extensions, quirks, judge }) => {
    const text = await extensions.text()
    const [uncertain] = text?.written.uncertain ?? []
    if (uncertain !== undefined)
      throw new FormatError('extensions.yaml', 'UNSUPPORTED', `how ${quirks.goYaml} writes a text is not known`, {
        at: { ...extensions.where, pointer: uncertain.pointer },
      })
    judge({ writer: quirks.goYaml, text: text?.actual }, extensions.where).toEqual({
      writer: quirks.goYaml,
      text: text?.written.text,
    })
  },
)
