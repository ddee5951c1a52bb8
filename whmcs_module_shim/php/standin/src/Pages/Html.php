<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Pages;

/** Small pieces of markup. Stored text is already entity-encoded, so nothing here is encoded twice. */
final class Html
{
    public static function text(mixed $value): string
    {
        return htmlspecialchars((string) $value, ENT_QUOTES, 'UTF-8', false);
    }

    /** @param array<string, mixed> $fields hidden fields */
    public static function button(string $label, string $action, array $fields, string $token): string
    {
        $hidden = '';
        foreach (['token' => $token] + $fields as $name => $value) {
            $hidden .= sprintf('<input type="hidden" name="%s" value="%s">', self::text($name), self::text($value));
        }
        return sprintf(
            '<form method="post" action="%s" class="inline">%s<button type="submit" class="btn btn-default">%s</button></form>',
            self::text($action),
            $hidden,
            self::text($label)
        );
    }

    public static function field(string $label, string $control): string
    {
        return sprintf('<div class="form-group"><label>%s</label> %s</div>', self::text($label), $control);
    }

    public static function input(string $name, mixed $value, string $type = 'text'): string
    {
        $shown = self::text($value);
        return sprintf('<input class="form-control" type="%s" name="%s" value="%s">', $type, self::text($name), $shown);
    }

    /** @param array<int|string, string> $choices value => label */
    public static function select(string $name, array $choices, string $chosen): string
    {
        $options = '';
        foreach ($choices as $value => $label) {
            $mark = (string) $value === $chosen ? ' selected' : '';
            $options .= sprintf('<option value="%s"%s>%s</option>', self::text($value), $mark, self::text($label));
        }
        return sprintf('<select class="form-control" name="%s">%s</select>', self::text($name), $options);
    }

    public static function alert(string $kind, string $text): string
    {
        return $text === '' ? '' : sprintf('<div class="alert alert-%s">%s</div>', $kind, self::text($text));
    }

    /** @param array<string, string> $cells label => markup */
    public static function table(array $cells): string
    {
        $rows = '';
        foreach ($cells as $label => $markup) {
            $rows .= sprintf('<tr><th>%s</th><td>%s</td></tr>', self::text($label), $markup);
        }
        return "<table class=\"table\">$rows</table>";
    }

    /** A page around its content; the classes are those of the Bootstrap that WHMCS themes carry. */
    public static function page(string $title, string $content, string $kind): string
    {
        $style = <<<'CSS'
            body{font:15px/1.5 "DejaVu Sans",Arial,sans-serif;margin:0;background:#f4f5f7;color:#24303c}
            header{background:#1a4d80;color:#fff;padding:12px 24px}header a{color:#fff;margin-right:16px}
            .admin header{background:#333}main{max-width:960px;margin:24px auto;padding:0 16px}
            .card,.panel{background:#fff;border:1px solid #d9dde2;border-radius:4px;margin:0 0 16px}
            .card-body,.panel-body{padding:16px}.card-header,.panel-heading{padding:10px 16px;border-bottom:1px solid #d9dde2;font-weight:bold}
            .table{width:100%;border-collapse:collapse}.table th,.table td{text-align:left;padding:6px 10px;border-bottom:1px solid #e5e8eb;vertical-align:top}
            .table th{width:240px;font-weight:normal;color:#5a6672}.btn{display:inline-block;padding:6px 14px;border:1px solid #b9c0c8;border-radius:4px;background:#fff;color:#24303c;cursor:pointer;text-decoration:none;font:inherit}
            .btn-primary,.btn-success{background:#1a6fb5;border-color:#1a6fb5;color:#fff}.btn-danger{background:#b52b27;border-color:#b52b27;color:#fff}
            .btn-sm,.btn-xs{padding:2px 8px;font-size:13px}.inline{display:inline-block;margin:0 6px 6px 0}
            .form-group{margin:0 0 12px}.form-control{display:block;width:100%;max-width:420px;box-sizing:border-box;padding:6px 8px;border:1px solid #b9c0c8;border-radius:4px;font:inherit}
            .alert{padding:10px 14px;border-radius:4px;margin:0 0 16px;background:#e8f1fa}.alert-success{background:#dff0d8}.alert-danger,.alert-error{background:#f2dede}.alert-warning{background:#fcf3d7}
            .label,.badge{display:inline-block;padding:1px 8px;border-radius:10px;background:#7a8794;color:#fff;font-size:12px}.label-success,.badge-success{background:#3a8a3a}.label-danger,.badge-danger{background:#b52b27}.label-warning,.badge-warning{background:#c77f0a}
            .text-muted,.help-block{color:#6b7783;font-size:13px}.row{display:flex;flex-wrap:wrap;gap:16px}.row>div{flex:1 1 240px}.hidden{display:none}
            CSS;
        return "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>" . self::text($title)
            . "</title><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>$style</style></head>"
            . "<body class=\"$kind\"><header><a href=\"/\">Billing stand-in</a> " . self::text($title)
            . "</header><main><h1>" . self::text($title) . "</h1>$content</main></body></html>\n";
    }

    public static function card(string $title, string $content): string
    {
        return '<div class="card"><div class="card-header">' . self::text($title)
            . "</div><div class=\"card-body\">$content</div></div>";
    }
}
