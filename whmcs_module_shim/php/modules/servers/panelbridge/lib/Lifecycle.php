<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/**
 * The module functions WHMCS runs in a service's life. Each returns exactly `success` or a text for staff.
 *
 * Pending is a table (docs/whmcs-calls.md): the work goes on at the bridge and Closer finishes it in WHMCS; only Renew
 * is a success at once, for WHMCS has no way to finish it later.
 */
final class Lifecycle
{
    public function create(ServiceCall $call): string
    {
        if (Closing::operationOf($call->params->serviceId()) === 0) {
            Guarded::orElse('create', static fn () => PaidItems::setsUp($call->params->serviceId()), null);
        }
        $email = $call->params->member('clientsdetails', 'email'); // some panels need it; others never get it
        $answer = $this->sent($call, 'CreateAccount', $email === '' ? [] : ['email' => $email]);
        if ($answer->isPending()) {
            return self::pending($answer);
        }
        if ($answer->username() === '' || $answer->password() === '') {
            throw CallError::notUnderstood(Language::text('why_no_credentials'));
        }
        WriteBack::throughModel($call, $answer->username(), $answer->password());
        Credentials::written($call->params->serviceId(), $answer);
        // A name WHMCS did not have yet means an account made just now; a repeat must not swallow a lost renewal.
        $isNew = $call->params->text('username') !== $answer->username();
        if ($isNew && Closing::operationOf($call->params->serviceId()) === 0) {
            Guarded::orElse('create', static fn () => PaidItems::startService($call->params->serviceId()), null);
        }
        return $this->done($call);
    }

    public function suspend(ServiceCall $call): string
    {
        $reason = SuspendReason::of($call->suspendReason());
        // Without a text the bridge decides by who asked: only the cron suspends what is unpaid.
        $extra = $reason === '' ? [] : ['suspendreason' => $reason];
        return $this->plain($call, $this->sent($call, 'SuspendAccount', $extra));
    }

    public function unsuspend(ServiceCall $call): string
    {
        return $this->plain($call, $this->sent($call, 'UnsuspendAccount'));
    }

    public function terminate(ServiceCall $call): string
    {
        return $this->plain($call, $this->sent($call, 'TerminateAccount'));
    }

    public function renew(ServiceCall $call): string
    {
        $serviceId = $call->params->serviceId();
        // Retry in the Module Queue is a click too, and means the payment that failed, not one more period.
        $item = PaidItems::forRenew($serviceId, !Actor::isAdmin() || ModuleQueue::holds($serviceId, 'Renew'));
        if ($item === null) {
            $token = OneShot::forClick('renew', $serviceId);
            $send = static fn (): Answer => $call->send('Renew', [], ['token' => $token]);
            $answer = OneShot::spend('renew', $serviceId, $token, $send);
        } else {
            CallNotes::paid($call, $item);
            $answer = $call->send('Renew', [], ['invoice_item' => $item->forCall()]);
            PaidItems::acknowledge($item);
        }
        if ($answer->isPending()) {
            $values = ['id' => $serviceId, 'operation' => $answer->operationId()];
            Log::activity(Language::text('renew_pending', $values), $call->clientId());
        }
        AccountView::forget($serviceId);
        return Guarded::SUCCESS;
    }

    public function changePassword(ServiceCall $call): string
    {
        $password = $call->params->exact('password');
        if ($password === '') {
            throw CallError::here('no_password');
        }
        $answer = $call->send('ChangePassword', ['password' => $password]);
        return $answer->isPending() ? Language::text('password_pending') : $this->done($call);
    }

    public function changePackage(ServiceCall $call): string
    {
        $answer = $this->sent($call, 'ChangePackage');
        $note = is_string($answer->data['note'] ?? null) ? Text::nextSentence($answer->data['note']) : '';
        if (!$answer->isPending() && $note !== '') {
            $values = ['id' => $call->params->serviceId(), 'note' => $note];
            Log::activity(Language::text('package_note', $values), $call->clientId());
        }
        return $this->plain($call, $answer);
    }

    /** Whether a text of ours, as WHMCS hands it on, says that the bridge has it and works on it. */
    public static function isPendingText(string $text): bool
    {
        return str_contains($text, 'In progress, nothing to do');
    }

    /** The text WHMCS shows and stores while the bridge works on. */
    public static function pending(Answer $answer): string
    {
        return Redactor::clean(Language::text('pending', [
            'operation' => $answer->operationId(),
            'message' => Text::sentence($answer->message),
            'id' => $answer->requestId,
        ]));
    }

    /** @param array<string, mixed> $extra */
    private function sent(ServiceCall $call, string $function, array $extra = []): Answer
    {
        $serviceId = $call->params->serviceId();
        $closing = Closing::operationOf($serviceId);
        try {
            $answer = $call->send($function, $extra, $closing > 0 ? ['closing' => $closing] : []);
        } catch (CallError $error) {
            Closing::ended($serviceId, $error->retryable ? 'pending' : $error->kind);
            throw $error;
        }
        Closing::ended($serviceId, $answer->isPending() ? 'pending' : Guarded::SUCCESS);
        return $answer;
    }

    private function plain(ServiceCall $call, Answer $answer): string
    {
        return $answer->isPending() ? self::pending($answer) : $this->done($call);
    }

    private function done(ServiceCall $call): string
    {
        AccountView::forget($call->params->serviceId());
        return Guarded::SUCCESS;
    }
}
