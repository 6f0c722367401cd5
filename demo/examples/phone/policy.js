/** Which applications your server talks to, and nothing less: yours, as you published them. */
export const policy = {
  android: {
    packageName: 'PUT THE NAME OF YOUR PACKAGE HERE',
    signers: [
      'PUT SHA-256 OF THE CERTIFICATE HERE THAT YOUR APPLICATION IS SIGNED WITH (apksigner verify --print-certs)',
    ],
  },
  apple: { appId: 'PUT TEAM AND BUNDLE HERE, LIKE ABCDE12345.com.example.app' },
}
