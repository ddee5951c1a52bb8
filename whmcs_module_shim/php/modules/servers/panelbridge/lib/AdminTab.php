<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** The rows this module adds to the admin's product page. WHMCS prints them as they are, so everything is escaped. */
final class AdminTab
{
    /** @return array<string, string> label to HTML */
    public static function rows(Params $params): array
    {
        $call = ServiceCall::about($params);
        $view = AccountView::of($call, true);
        $rows = [Language::text('tab_account') => self::account($view, $view->differsFrom($call))];
        if ($view->lastOperation !== []) {
            $rows[Language::text('tab_last_operation')] = self::listed($view->lastOperation);
        }
        if ($view->lastError !== '') {
            $rows[Language::text('tab_last_error')] = self::note($view->lastError, 'danger');
        }
        if ($view->attention !== []) {
            $entries = array_map([self::class, 'listed'], $view->attention);
            $rows[Language::text('tab_attention')] = implode('<hr>', $entries);
        }
        $rows[Language::text('tab_extend')] = AdminForm::extend($call);
        $rows[Language::text('tab_adopt')] = AdminForm::adopt();
        $told = AdminForm::told($call);
        return $told === '' ? $rows : [Language::text('tab_result') => $told] + $rows;
    }

    private static function account(AccountView $view, bool $otherPassword): string
    {
        if (!$view->reachable) {
            return self::note(Language::text('tab_unreachable'), 'warning');
        }
        if (!$view->exists()) {
            return self::note(Language::text('tab_no_account'), 'info');
        }
        $facts = [];
        foreach (['username', 'state', 'plan', 'term', 'package', 'connections', 'panel', 'account_id'] as $name) {
            $facts[$name] = $view->says($name);
        }
        foreach (['expires_at', 'entitled_until', 'known_at'] as $name) {
            $facts[$name] = Text::time($view->says($name));
        }
        $facts['suspensions'] = implode(', ', $view->suspensions);
        $stale = $view->live ? '' : self::note(Language::text('tab_not_live'), 'warning');
        $other = $otherPassword ? self::note(Language::text('tab_other_password'), 'warning') : '';
        return self::listed($facts) . $stale . $other;
    }

    /** @param array<string, mixed> $facts */
    private static function listed(array $facts): string
    {
        $cells = '';
        foreach ($facts as $name => $value) {
            if (is_scalar($value) && (string) $value !== '') {
                $label = Language::known('fact_' . $name) ? Language::text('fact_' . $name) : $name;
                $cells .= '<span style="opacity:.7">' . Text::html($label) . '</span>'
                    . '<strong>' . Text::html((string) $value) . '</strong>';
            }
        }
        return '<div style="display:grid;grid-template-columns:max-content 1fr;gap:2px 18px">' . $cells . '</div>';
    }

    public static function note(string $text, string $kind): string
    {
        $class = 'alert alert-' . $kind;
        return '<div class="' . $class . '" style="margin:4px 0;padding:6px 10px">' . Text::html($text) . '</div>';
    }
}
