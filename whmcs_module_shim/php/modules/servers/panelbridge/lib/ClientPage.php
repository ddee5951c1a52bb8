<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** What a client sees on the product page, added below WHMCS's own overview. */
final class ClientPage
{
    public const RESET = 'reset';
    private const OVERVIEW = 'templates/overview.tpl';
    private const UNAVAILABLE = 'templates/unavailable.tpl';
    private const WORKS = ['active', 'trial', 'grace'];

    /** @return array<string, mixed> */
    public static function of(Params $params): array
    {
        $language = strtolower($params->member('clientsdetails', 'language'));
        $page = ['language' => Language::texts('client_', $language)];
        try {
            $call = ServiceCall::about($params);
            $view = AccountView::of($call);
            if ($view->reachable) {
                return self::page(self::OVERVIEW, $page + ['account' => self::account($call, $view)]);
            }
        } catch (CallError) {
            // A service of another kind or a server not set up: the client can do nothing about it.
        } catch (\Throwable $thrown) {
            Guarded::unexpected('ClientArea', $thrown);
        }
        return self::page(self::UNAVAILABLE, $page);
    }

    /** The client's own reset: acts once per rendered page. */
    public static function reset(ServiceCall $call): string
    {
        $posted = Visit::posted()->text('panelbridge_token');
        if (!OneShot::isOurs($posted, $call->server, self::RESET, $call->params->serviceId())) {
            return Language::text('client_stale_page');
        }
        return AdminButtons::resetWith($call, $posted, Language::text('client_reset_pending'));
    }

    /** @return array<string, mixed> */
    private static function account(ServiceCall $call, AccountView $view): array
    {
        $params = $call->params;
        // Shown only when WHMCS and the bridge name the same account: else they would be somebody's old credentials.
        $known = $view->exists() && $view->says('username') === $params->text('username');
        $works = in_array($view->says('state'), self::WORKS, true);
        // An account that works already, but not in WHMCS yet: the cron brings its credentials here.
        $state = $view->exists() && ($known || !$works) ? $view->says('state') : 'preparing';
        return [
            'service_id' => $params->serviceId(),
            'username' => $known ? $params->text('username') : '',
            'password' => $known ? $params->exact('password') : '',
            'state' => $state,
            'state_text' => self::stateText($state, $params),
            'works' => $known && $works,
            'expires' => Text::time($view->says('expires_at')),
            'grace_until' => self::grace($call, $view),
            'connections' => $view->says('connections'),
            'as_of' => $view->live ? '' : Text::time($view->says('known_at')),
            'may_sign_on' => $known && $works && $view->signsOn,
            'may_reset' => $known && $works,
            'token' => OneShot::forForm($call->server, self::RESET, $params->serviceId()),
        ];
    }

    private static function stateText(string $state, Params $params): string
    {
        $key = 'client_state_' . $state;
        $language = strtolower($params->member('clientsdetails', 'language'));
        return Language::known($key) ? Language::text($key, [], $language) : $state;
    }

    /** Shown, not granted: the panel's own grace is set with the plan at the bridge. */
    private static function grace(ServiceCall $call, AccountView $view): string
    {
        $days = min(90, $call->params->number('configoption3'));
        $until = strtotime($view->says('entitled_until') ?: $view->says('expires_at'));
        return $days === 0 || $until === false ? '' : gmdate('Y-m-d', $until + $days * 86400);
    }

    /**
     * @param array<string, mixed> $variables
     * @return array<string, mixed>
     */
    private static function page(string $template, array $variables): array
    {
        return ['tabOverviewModuleOutputTemplate' => $template, 'templateVariables' => ['panelbridge' => $variables]];
    }
}
