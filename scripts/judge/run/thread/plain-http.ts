// node:http without three classes of the web. An ES module that imports node:http asks for all of its exports, and these load the
// HTTP client that Node has for fetch: 40 ms in each thread, for classes that nothing here uses.
import { getBuiltinModule } from 'node:process'

for (const name of ['CloseEvent', 'MessageEvent', 'WebSocket'])
  Object.defineProperty(getBuiltinModule('node:http'), name, { value: undefined })
