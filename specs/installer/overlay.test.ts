import { expect, it } from 'vitest'
import { overlayOptionsText } from './overlay.ts'

// What yaml.Marshal of go.yaml.in/yaml/v4 and gopkg.in/yaml.v3 writes of such a map[string]any.
it('writes the options as Go does', () => {
  expect(overlayOptionsText()).toBe('{}\n')
  expect(overlayOptionsText({})).toBe('{}\n')
  expect(
    overlayOptionsText({ spi_boot: true, configTxtAppend: 'a=1\nb=2\n', config_txt: 'x', level: 3, name: 'true' }),
  ).toBe('config_txt: x\nconfigTxtAppend: |\n    a=1\n    b=2\nlevel: 3\nname: "true"\nspi_boot: true\n')
})
