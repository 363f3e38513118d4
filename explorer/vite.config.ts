// Builds the bundle that the service serves from `/`: equal sources give equal bytes, and nothing in it asks another host.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineConfig, type Plugin } from "vite";

/** Writes the licence texts of every package that ended up in the bundle, in order of name, beside the bundle. */
function notices(): Plugin {
  return {
    name: "notices",
    apply: "build",
    generateBundle(_options, bundle) {
      const names = new Set<string>();
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== "chunk") continue;
        for (const id of Object.keys(chunk.modules)) {
          const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id);
          if (found?.[1]) names.add(found[1]);
        }
      }
      const texts = [...names].sort().map((name) => {
        const folder = join(import.meta.dirname ?? dirname("."), "node_modules", name);
        const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, string>;
        return `${name} ${version} (${license})\n\n${licence(folder)}`;
      });
      this.emitFile({ type: "asset", fileName: "notices.txt", source: texts.join(`\n\n${"-".repeat(72)}\n\n`) });
    },
  };
}

function licence(folder: string): string {
  for (const name of ["LICENSE", "LICENSE.txt", "LICENSE.md", "license"]) {
    try {
      return readFileSync(join(folder, name), "utf8").trim();
    } catch {
      continue;
    }
  }
  return "";
}

const service = process.env.RIDETHROUGH_SERVICE ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [notices()],
  build: {
    outDir: process.env.RIDETHROUGH_BUNDLE ?? "../twin/static",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  server: { proxy: { "/graphql": { target: service, ws: true }, "/rdf": service, "/report": service } },
});
