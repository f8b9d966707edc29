import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['node_modules/', '.plenum/', 'coverage/'] },
  ...tseslint.configs.strict,
  {
    files: ['**/*.ts'],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // The strictest tsconfig makes each index give `undefined` too; where code knows better, `!` says so.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Name what you export.' },
        { selector: 'TSEnumDeclaration', message: 'A union of texts is erasable; an enum is not.' },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts', 'resolvers/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 50, IIFEs: true }],
    },
  },
  {
    // A composition root and factories of verbs are lists: the number of their lines says nothing.
    files: ['src/app.ts', 'src/*/index.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    files: ['**/*.config.ts', '*.config.js'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    // Each is one closure over the state of one connection; split, its parts would share that state through parameters.
    files: [
      'src/api/sockets.ts',
      'src/api/socket-operation.ts',
      'src/api/websocket.ts',
      'src/api/schema/loader.ts',
    ],
    rules: { 'max-lines-per-function': ['error', { max: 80 }] },
  },
  // What a test reads of an answer has no type but what it expects.
  { files: ['test/**/*.ts'], rules: { '@typescript-eslint/no-explicit-any': 'off' } },
  { files: ['test/support/cluster.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['bench/**/*.ts', 'test/**/*.ts'],
    rules: { 'no-console': 'off', '@typescript-eslint/no-empty-function': 'off' },
  },
)
