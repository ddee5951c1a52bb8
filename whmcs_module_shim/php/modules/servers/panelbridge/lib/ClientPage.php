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
    /** States of which there is nothing to show but a text. */
    private const ONLY_TOLD = ['preparing', 'ordered', 'delayed', 'refused', 'missing', 'terminated'];

    /** @return array<string, mixed> */
    public static function of(Params $params): array
    {
        $page = ['language' => Language::texts('client_', self::language($params))];
        try {
            $call = ServiceCall::about($params);
            $view = AccountView::withSecrets($call);
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
            throw CallError::here('stale_client_page');
        }
        return AdminButtons::resetWith($call, $posted, Language::text('client_reset_pending'));
    }

    /** @return array<string, mixed> */
    private static function account(ServiceCall $call, AccountView $view): array
    {
        $params = $call->params;
        $state = self::state($view, $params);
        $isShown = !in_array($state, self::ONLY_TOLD, true);
        $works = in_array($state, self::WORKS, true);
        $password = $isShown ? $view->passwordThatWorks($call) : '';
        $changes = $view->isUnderWay('reset_credentials');
        return [
            'service_id' => $params->serviceId(),
            'username' => $isShown ? $view->says('username') : '',
            'password' => $changes ? '' : $password,
            'password_note' => self::passwordNote($changes, $password, $params),
            'connect' => $isShown ? $view->connect() : [],
            'state' => $state,
            'state_text' => self::stateText($state, $params),
            'told' => $isShown ? '' : self::told($state, $params),
            'note' => self::note($state, $params),
            'works' => $works,
            'expires' => $isShown ? Text::time(Validity::of($view->says(...))) : '',
            'grace_until' => $isShown ? self::grace($call, $view) : '',
            'connections' => $isShown ? $view->says('connections') : '',
            'as_of' => $view->live || !$isShown ? '' : Text::time($view->says('known_at')),
            'may_sign_on' => $works && $view->signsOn,
            'may_reset' => $works && $view->can('reset_credentials'),
            'token' => OneShot::forForm($call->server, self::RESET, $params->serviceId()),
        ];
    }

    /** The account's state; where there is none to show, what became of the order. */
    private static function state(AccountView $view, Params $params): string
    {
        $billing = $params->text('status');
        $state = $view->says('state') === 'pending' ? 'preparing' : $view->says('state');
        if ($view->exists()) {
            // It works already, and WHMCS has not been told: the cron brings it within minutes.
            return $billing === 'Pending' && in_array($state, self::WORKS, true) ? 'preparing' : $state;
        }
        if ($state !== '') {
            return $state;
        }
        return match ($billing) {
            'Pending' => ModuleQueue::holds($params->serviceId(), 'CreateAccount') ? 'delayed' : 'ordered',
            'Active', 'Suspended', '' => 'missing',
            default => 'terminated',
        };
    }

    /** Why it cannot be used, and what the customer can do about it. */
    private static function note(string $state, Params $params): string
    {
        $key = 'client_note_' . (['disabled' => 'suspended', 'retained' => 'expired'][$state] ?? $state);
        return Language::known($key) ? Language::text($key, [], self::language($params)) : '';
    }

    private static function told(string $state, Params $params): string
    {
        return Language::text('client_told_' . $state, [], self::language($params));
    }

    private static function passwordNote(bool $changes, string $password, Params $params): string
    {
        if (!$changes && $password !== '') {
            return '';
        }
        $key = $changes ? 'client_password_changes' : 'client_password_unshown';
        return Language::text($key, [], self::language($params));
    }

    private static function language(Params $params): string
    {
        return strtolower($params->member('clientsdetails', 'language'));
    }

    private static function stateText(string $state, Params $params): string
    {
        $key = 'client_state_' . $state;
        return Language::known($key) ? Language::text($key, [], self::language($params)) : $state;
    }

    /** Shown, not granted: the panel's own grace is set with the plan at the bridge. */
    private static function grace(ServiceCall $call, AccountView $view): string
    {
        $days = min(90, $call->params->number('configoption3'));
        $until = strtotime(Validity::of($view->says(...)));
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
