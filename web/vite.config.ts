import { createHash } from "node:crypto";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

/** One self-contained file: script and style inlined, the policy names the script by its hash, nothing else runs. */
function oneFile(): Plugin {
  return {
    name: "one-file",
    enforce: "post",
    generateBundle(_options, bundle) {
      const page = bundle["index.html"];
      if (page?.type !== "asset") throw new Error("no index.html in the bundle");
      let html = String(page.source).replace(/\s*<(script type="module"|link)[^>]*(src|href)="[^"]*"[^>]*>(<\/script>)?/g, "");
      let script = "";
      let style = "";
      for (const [name, item] of Object.entries(bundle)) {
        if (item.type === "chunk") script += item.code;
        else if (name.endsWith(".css")) style += String(item.source);
        if (name !== "index.html") delete bundle[name];
      }
      script = script.replaceAll("</script", "<\\/script").trim();
      const hash = createHash("sha256").update(script).digest("base64");
      const policy =
        `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; img-src data:; ` +
        `font-src data:; base-uri 'none'; form-action 'none'`;
      const head = `<meta http-equiv="Content-Security-Policy" content="${policy}" />\n<style>${style}</style>\n</head>`;
      html = html.replace("</head>", () => head).replace("</body>", () => `<script type="module">${script}</script>\n</body>`);
      page.source = html;
    },
  };
}

export default defineConfig({
  plugins: [svelte(), oneFile()],
  build: { target: "es2022", cssCodeSplit: false, assetsInlineLimit: 1e8, modulePreload: false, chunkSizeWarningLimit: 4000 },
});
