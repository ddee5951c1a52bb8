<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Pages;

use Panelbridge\Standin\Catalogue;
use Panelbridge\Standin\ModuleSettings;
use Panelbridge\Standin\Shop;

/** The Module Settings tab: simple view, or all fields after "switch to advanced" (WHMCS developer docs). */
final class ModuleSettingsPage
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /**
     * @param array<string, mixed> $query
     * @param ?array<string, mixed> $post packageconfigoption[number] => value
     * @return array{status: int, location: string, body: string}
     */
    public function respond(array $query, ?array $post): array
    {
        $id = (int) ($query['id'] ?? 0);
        $alert = '';
        if ($post !== null) {
            (new Catalogue($this->shop))->saveModuleSettings($id, (array) ($post['packageconfigoption'] ?? []));
            $alert = Html::alert('success', 'Changes saved');
        }
        $advanced = ($query['advanced'] ?? '') === '1';
        $markup = '';
        foreach ((new ModuleSettings($this->shop))->fields($id) as $entry) {
            if ($advanced || ($entry['field']['SimpleMode'] ?? false)) {
                $markup .= $this->field($entry, $advanced);
            }
        }
        $here = "/admin/configproducts.php?action=edit&id=$id";
        $other = $advanced ? 'Switch to simple mode' : 'Switch to advanced mode';
        $form = Html::form("$here&advanced=" . (int) $advanced, (string) $_SESSION['token'], $markup, 'Save Changes')
            . sprintf('<a href="%s&amp;advanced=%d">%s</a>', Html::text($here), !$advanced, $other);
        $name = (string) Shop::row('tblproducts', $id)['name'];
        return Site::html(200, "Module settings of $name", $alert . Html::card('Module Settings', $form), 'admin');
    }

    /** @param array<string, mixed> $entry */
    private function field(array $entry, bool $advanced): string
    {
        $field = $entry['field'];
        $name = "packageconfigoption[{$entry['number']}]";
        $value = (string) $entry['value'];
        $type = $entry['choices'] !== null && !$advanced ? 'loaded' : (string) $field['Type'];
        $control = match ($type) {
            'loaded' => Html::select($name, $entry['choices'], $value),
            'dropdown', 'radio' => Html::select($name, self::choices($field['Options'] ?? ''), $value),
            'yesno' => Html::checkbox($name, $value === 'on'),
            'textarea' => Html::textarea($name, $value),
            default => Html::input($name, $value, $type),
        };
        $help = '<div class="help-block">' . ($field['Description'] ?? '') . '</div>';
        return Html::field((string) $entry['name'], $control)
            . Html::alert('danger', (string) $entry['loader_error']) . $help;
    }

    /** @return array<int|string, string> */
    private static function choices(mixed $options): array
    {
        if (is_array($options)) {
            return array_map('strval', $options);
        }
        $choices = [];
        foreach (explode(',', (string) $options) as $option) {
            $parts = explode('|', $option, 2);
            $choices[$parts[0]] = $parts[1] ?? $parts[0];
        }
        return $choices;
    }
}
