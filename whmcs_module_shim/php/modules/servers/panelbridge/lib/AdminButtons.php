<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** The staff's buttons on the product page. Each returns `success` or a text. */
final class AdminButtons
{
    /**
     * Those the panel can follow. Whether WHMCS hands over the service is documented nowhere: without it all are shown.
     *
     * @param array<mixed> $raw
     * @return array<string, string> label to function suffix
     */
    public static function labels(array $raw): array
    {
        $labels = [
            Language::text('button_refresh') => 'Refresh',
            Language::text('button_reset') => 'ResetCredentials',
            Language::text('button_email') => 'EmailCredentials',
            Language::text('button_retry') => 'Retry',
            Language::text('button_adopt') => 'Adopt',
        ];
        if (($raw['serviceid'] ?? 0) === 0) {
            return $labels;
        }
        $resets = Guarded::orElse('AdminCustomButtonArray', static function () use ($raw): bool {
            return AccountView::of(ServiceCall::about(Params::of($raw)))->can('reset_credentials');
        }, true);
        return $resets ? $labels : array_diff($labels, ['ResetCredentials']);
    }

    /** Asks the panel now and puts what it says onto the service. */
    public static function refresh(ServiceCall $call): string
    {
        $answer = $call->send('Account', [], ['fresh' => true, 'with_password' => true]);
        AccountView::forget($call->params->serviceId());
        if ($answer->username() !== '') {
            WriteBack::throughModel($call, $answer->username(), $answer->password());
        }
        return $answer->isPending() ? Lifecycle::pending($answer) : Guarded::SUCCESS;
    }

    public static function reset(ServiceCall $call): string
    {
        return self::resetWith($call, OneShot::forClick(ClientPage::RESET, $call->params->serviceId()), '');
    }

    /** Reset with a token the caller answers for; a text for pending other than the staff's may be given. */
    public static function resetWith(ServiceCall $call, string $token, string $pendingText): string
    {
        $own = ['token' => $token, 'with_password' => true];
        $send = static fn (): Answer => $call->send('ResetCredentials', [], $own);
        $answer = OneShot::spend(ClientPage::RESET, $call->params->serviceId(), $token, $send);
        AccountView::forget($call->params->serviceId());
        if ($answer->isPending()) {
            return $pendingText === '' ? Lifecycle::pending($answer) : $pendingText;
        }
        if ($answer->username() === '' || $answer->password() === '') {
            throw CallError::notUnderstood(Language::text('why_no_credentials'));
        }
        WriteBack::throughModel($call, $answer->username(), $answer->password());
        Credentials::written($call->params->serviceId(), $answer);
        return Guarded::SUCCESS;
    }

    /** Writes the credentials to the service first, so that the mail cannot hold older ones. */
    public static function email(ServiceCall $call): string
    {
        $answer = $call->send('Account', [], ['with_password' => true]);
        if ($answer->username() === '' || $answer->password() === '') {
            throw CallError::here('not_ready');
        }
        WriteBack::throughModel($call, $answer->username(), $answer->password());
        Credentials::written($call->params->serviceId(), $answer);
        LocalCall::make('SendEmail', Hooks\WelcomeMail::forProduct($call->params->number('pid')) + [
            'id' => $call->params->serviceId(),
        ]);
        return Guarded::SUCCESS;
    }

    public static function retry(ServiceCall $call): string
    {
        return self::plain($call, $call->send('Retry'));
    }

    /** The account to adopt is the one the bridge names in its attention; any other is typed on the tab. */
    public static function adopt(ServiceCall $call): string
    {
        $named = [];
        foreach (AccountView::of($call, true)->attention as $entry) {
            $id = is_array($entry) ? (string) ($entry['account_id'] ?? '') : '';
            $named += $id === '' ? [] : [$id => $id];
        }
        if (count($named) !== 1) {
            throw CallError::here($named === [] ? 'nothing_to_adopt' : 'several_to_adopt');
        }
        return self::adoptAccount($call, (string) reset($named));
    }

    public static function adoptAccount(ServiceCall $call, string $accountId): string
    {
        $answer = $call->send('Adopt', ['account_id' => $accountId], ['with_password' => true]);
        if ($answer->username() !== '') {
            WriteBack::throughModel($call, $answer->username(), $answer->password());
        }
        return self::plain($call, $answer);
    }

    private static function plain(ServiceCall $call, Answer $answer): string
    {
        AccountView::forget($call->params->serviceId());
        return $answer->isPending() ? Lifecycle::pending($answer) : Guarded::SUCCESS;
    }
}
