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
        foreach ($fields as $name => $value) {
            $hidden .= sprintf('<input type="hidden" name="%s" value="%s">', self::text($name), self::text($value));
        }
        return self::form($action, $token, $hidden, $label, 'inline');
    }

    public static function form(string $action, string $token, string $fields, string $label, string $kind = ''): string
    {
        return sprintf(
            '<form method="post" action="%s" class="%s"><input type="hidden" name="token" value="%s">%s'
            . '<button type="submit" class="btn %s">%s</button></form>',
            self::text($action),
            $kind,
            self::text($token),
            $fields,
            $kind === 'inline' ? 'btn-default' : 'btn-primary',
            self::text($label)
        );
    }

    public static function checkbox(string $name, bool $isOn): string
    {
        return sprintf(
            '<input type="hidden" name="%1$s" value=""><input type="checkbox" name="%1$s" value="on"%2$s>',
            self::text($name),
            $isOn ? ' checked' : ''
        );
    }

    public static function textarea(string $name, string $value): string
    {
        $parts = [self::text($name), self::text($value)];
        return vsprintf('<textarea class="form-control" name="%s">%s</textarea>', $parts);
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
        $style = (string) file_get_contents(dirname(__DIR__, 2) . '/public/style.css');
        return '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>' . self::text($title)
            . '</title><meta name="viewport" content="width=device-width, initial-scale=1">'
            . "<style>$style</style></head>"
            . "<body class=\"$kind\"><header><a href=\"/\">Billing stand-in</a> " . self::text($title)
            . "</header><main><h1>" . self::text($title) . "</h1>$content</main></body></html>\n";
    }

    public static function card(string $title, string $content): string
    {
        return '<div class="card"><div class="card-header">' . self::text($title)
            . "</div><div class=\"card-body\">$content</div></div>";
    }
}
